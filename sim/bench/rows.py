"""The rows of the table and their bars. Names only: `measure` builds what they name when a row is measured."""

from typing import NamedTuple

JAX_CHOICE = 1_000_000  # features of the finite Zipf that jax.random.choice and others are compared with
CURVE_DRAWS, CURVE_SIZE = 2**22, 2**20  # the direct learning curve: examples and features
MANY = 10**6  # attempts at which the first-success time is compared with making every attempt
REPEATS = 9
LINEAR = "against direct draws (same law; linear from 4M)"


class Row(NamedTuple):
    """One ratio: `times` items of `peer` against one item of `ours`, in time (or in variance, of curves).

    bar: what the ratio must reach, or stay below where `at_most`; None for a row that only informs.
    """

    name: str
    what: str
    ours: str
    peer: str
    bar: float | None
    times: float = 1.0
    at_most: bool = False

    def holds(self, value):
        """Whether a value meets the bar; None without a bar."""
        if self.bar is None:
            return None
        return value <= self.bar if self.at_most else value >= self.bar


ROWS = (
    Row("words_numpy", "random words, against numpy PCG64 float64 uniforms", "words", "numpy_uniform", 4.5),
    Row("words_jax", "random words, against jax.random.bits (4M, default key)", "words", "jax_bits", 15),
    Row(
        "words_jax_small", "random words, against jax.random.bits (64k, in the cache)", "words", "jax_bits_small", None
    ),
    Row("words_torch", "random words, against torch.rand float32", "words", "torch_uniform", None),
    Row("zipf2_numpy", "Zipf s = 2, infinite N, against numpy Generator.zipf", "zipf2", "numpy_zipf2", 45),
    Row("zipf17_numpy", "Zipf s = 1.7, infinite N, against numpy Generator.zipf", "zipf17", "numpy_zipf17", 28),
    Row("zipf2_jax", "Zipf s = 2, N = 10^6, against jax.random.choice(p)", "zipf2_million", "jax_choice", 15),
    Row("zipf2_torch", "Zipf s = 2, N = 10^6, against torch.multinomial", "zipf2_million", "torch_multinomial", None),
    Row("zipf2_scipy", "Zipf s = 2, N = 10^6, against scipy.stats.zipfian", "zipf2_million", "scipy_zipfian", None),
    Row("zipf2_words", "Zipf s = 2, fraction of the word rate (2 words a draw)", "zipf2", "words", 0.40, times=2),
    Row("zipf17_words", "Zipf s = 1.7, fraction of the word rate (2 words a draw)", "zipf17", "words", 0.25, times=2),
    Row("direct_numpy", "direct curve, n = 4M, N = 2^20, against numpy zipf + bincount", "direct", "numpy_curve", 28),
    Row("direct_numba", "direct curve, n = 4M, N = 2^20, against a tuned numba alias", "direct", "numba_curve", 5),
    Row(
        "direct_numba_plain",
        "direct curve, n = 4M, N = 2^20, against numba alias tables with np.random",
        "direct",
        "numba_plain_curve",
        None,
    ),
    Row("chain_1e6", f"block chain, a learner at n = 10^6, {LINEAR}", "chain_million", "direct", 60, times=1e6),
    Row("chain_1e9", f"block chain, a learner at n = 10^9, {LINEAR}", "chain_billion", "direct", 5e4, times=1e9),
    Row("chain_1e12", f"block chain, a learner at n = 10^12, {LINEAR}", "chain_trillion", "direct", 5e7, times=1e12),
    Row(
        "chain_growth",
        "block chain, whole run, cost(n to 10^15) / cost(n to 10^6)",
        "chain_run_million",
        "chain_run_quadrillion",
        1.6,
        at_most=True,
    ),
    Row("bernoulli_words", "Bernoulli trials, fraction of the word rate (1 word a trial)", "bernoulli", "words", 0.8),
    Row(
        "first_bernoulli",
        "first success, k = 10^6, against 10^6 Bernoulli trials (linear from 4096)",
        "first_million",
        "bernoulli",
        6e4,
        times=MANY,
    ),
    Row(
        "grid_bernoulli",
        "first success, 21 k to 2^40, against 10^6 Bernoulli trials (linear from 4096)",
        "first_grid",
        "bernoulli",
        3e4,
        times=MANY,
    ),
    Row(
        "first_growth",
        "first success, cost(k = 10^12) / cost(k = 10^3)",
        "first_thousand",
        "first_trillion",
        1.1,
        at_most=True,
    ),
    Row(
        "first_numpy",
        "first success, k = 10^6, against numpy Generator.geometric",
        "first_million",
        "numpy_geometric",
        2.8,
    ),
    Row("beta_jax", "log-space Beta(5, 0.35), against jax.random.beta", "beta", "jax_beta", 10),
    Row("beta_numpy", "log-space Beta(5, 0.35), against numpy Generator.beta", "beta", "numpy_beta", 1.5),
    Row("gamma_numpy", "the same as a ratio of Gamma variates, against numpy", "gamma_ratio", "numpy_beta", None),
    Row("lattice_variance", "lattice variance ratio on pass@k, k <= 10^5", "lattice_curves", "independent_curves", 20),
    Row("devices", "coverage on two host devices, against one (wall time)", "two_devices", "one_device", 1.7),
    Row(
        "run_cold",
        "whole `sim run` coverage smoke / `import jax, hydra`, cold",
        "imports",
        "run_cold",
        2.0,
        at_most=True,
    ),
    Row(
        "run_cached",
        "whole `sim run` coverage smoke / `import jax, hydra`, cached",
        "imports",
        "run_cached",
        1.5,
        at_most=True,
    ),
)
NAMES = tuple(row.name for row in ROWS)
