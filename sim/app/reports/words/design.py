"""What the report of design says, in English and in Japanese: a function or a text for each thing to be said."""

import numpy as np

from sim.app.reports.words.numbers import count
from sim.design.targets import LOST


def figures(value, stderr=None):
    """A number with two digits of its error, or three of its own."""
    if value is None or not np.isfinite(value):
        return "-"
    if stderr and np.isfinite(stderr):
        decimals = int(np.clip(1 - np.floor(np.log10(stderr)), 0, 12))
        return f"{value:.{decimals}f} ± {stderr:.{decimals}f}"
    return f"{value:.3g}"


def _what(truth):
    """What an error is of."""
    return f"pass@{truth.attempts:.0f}" if truth.target == "coverage" else "beta"


def _size(size):
    return f"{count(size.problems)} problems with {count(size.attempts)} attempts each ({count(size.total)} in all)"


def _size_ja(size):
    return f"{count(size.problems)} 問 x {count(size.attempts)} 回(合計 {count(size.total)} 回)"


def _says_nothing(truth, size):
    """Whether a bound is none, or above what any guess at a probability errs by."""
    return not np.isfinite(size.bound) or (truth.target == "coverage" and size.bound > 0.5)


def _least(truth, size):
    if _says_nothing(truth, size):
        return ""
    if truth.target == "decision":
        return f"; theory for large pilots: {figures(size.bound)}"
    return f"; no unbiased estimate from a pilot of this size can do better than {figures(size.bound)}"


def _least_ja(truth, size):
    if _says_nothing(truth, size):
        return ""
    if truth.target == "decision":
        return f"、大きなパイロットの理論値 {figures(size.bound)}"
    return f"、この規模のパイロットからの不偏推定の下限は {figures(size.bound)}"


def _lost(size):
    return f" {size.error.lost:.1%} of such pilots give no estimate at all." if size.error.lost > 0 else ""


def _lost_ja(size):
    return f"こうしたパイロットの {size.error.lost:.1%} からは何も分かりません。" if size.error.lost > 0 else ""


def _unsure(wanted, size):
    """Why an error below the wanted one does not count as reached."""
    if not size.error.error <= wanted:
        return ""
    if size.error.lost > LOST:
        return f" No more than {LOST:.0%} of them may."
    return " An error counts as reached if two standard errors above it are below the wanted one: try more `pilots`."


def _unsure_ja(wanted, size):
    if not size.error.error <= wanted:
        return ""
    if size.error.lost > LOST:
        return f"許容は {LOST:.0%} までです。"
    return (
        "達成とみなすのは、シミュレーションの標準誤差の2倍を加えても目標以下のときです。`pilots` を増やしてください。"
    )


def _reached(truth, wanted, size):
    shown = f"{figures(size.error.error, size.error.stderr)}{_least(truth, size)}"
    if truth.target == "decision":
        return (
            f"A pilot of {_size(size)} is enough to choose k with an expected regret of at most {wanted:g} a problem "
            f"(simulated {shown}).{_lost(size)}"
        )
    name = _what(truth) if truth.target == "coverage" else "the exponent beta"
    return (
        f"A pilot of {_size(size)} estimates {name} to within ±{wanted:g} (standard error, simulated {shown})."
        f"{_lost(size)}"
    )


def _unreached(truth, wanted, size, budget):
    limit = f" of at most {count(budget)} attempts" if budget else " of the sizes asked about"
    shown = f"{figures(size.error.error, size.error.stderr)}{_least(truth, size)}"
    if truth.target == "decision":
        head, does = f"An expected regret of {wanted:g} a problem", "leaves a regret of"
    else:
        name = _what(truth) if truth.target == "coverage" else "the exponent beta"
        head, does = f"A standard error of {wanted:g} on {name}", "leaves one of"
    return (
        f"{head} cannot be reached by a pilot{limit}: the best one, {_size(size)}, {does} "
        f"{shown.replace('; ', ' (', 1) + ')' if '; ' in shown else shown}.{_lost(size)}{_unsure(wanted, size)}"
    )


def _reached_ja(truth, wanted, size):
    shown = f"{figures(size.error.error, size.error.stderr)}{_least_ja(truth, size)}"
    if truth.target == "decision":
        return (
            f"{_size_ja(size)}のパイロットがあれば、k を選んだときの期待損失は1問あたり {wanted:g} 以下です"
            f"(シミュレーション {shown})。{_lost_ja(size)}"
        )
    name = _what(truth) if truth.target == "coverage" else "指数 beta"
    return (
        f"{_size_ja(size)}のパイロットで、{name} が ±{wanted:g} の精度で分かります"
        f"(標準誤差、シミュレーション {shown})。{_lost_ja(size)}"
    )


def _unreached_ja(truth, wanted, size, budget):
    limit = f"合計 {count(budget)} 回以下のパイロット" if budget else "調べた規模のパイロット"
    shown = f"{figures(size.error.error, size.error.stderr)}{_least_ja(truth, size)}"
    if truth.target == "decision":
        head = f"1問あたりの期待損失 {wanted:g}"
    else:
        head = f"{_what(truth) if truth.target == 'coverage' else '指数 beta'} の標準誤差 {wanted:g}"
    rest = _lost_ja(size) + _unsure_ja(wanted, size)
    return f"{head} は{limit}では達成できません。最良の{_size_ja(size)}でも {shown} です。{rest}"


EN = {
    "language": "en",
    "title": "Design of a pilot",
    "misfit": lambda source, p: (
        f"The memorising model does not fit {source} (p = {p:.2g}); the sizes below are for the Beta law nearest to "
        "it, and errors far beyond the pilot may be larger."
    ),
    "reached": _reached,
    "unreached": _unreached,
    "adaptive": lambda size: (
        f"Given one by one to the problem with the fewest successes so far, the same {count(size.total)} attempts give "
        f"an error of {figures(size.error.error, size.error.stderr)}.{_lost(size)}"
    ),
    "source": lambda truth, source: (
        f"Problems: failure probability ~ Beta({truth.alpha:.4g}, {truth.beta:.4g})"
        + (f" on a share {truth.ceiling:.4g} of them, the rest never solved" if truth.ceiling < 1 else "")
        + (f", nearest to the posterior of {source}." if source else ".")
    ),
    "map": "Error by problems and attempts",
    "map text": lambda pilots: (
        f"Every number: {count(pilots)} pilots of that size were simulated and refitted. Solid line: the wanted error. "
        "Dashed: the same for the Fisher bound. Framed: the recommended size, or the best one."
    ),
    "line": lambda total: f"{count(total)} attempts: many problems or many attempts?",
    "line text": (
        "The same attempts in all, spread over more and more problems: as many at each of them (uniform), or each next "
        "one at the problem with the fewest successes (adaptive; Kazdan et al. 2025, Alg. 1)."
    ),
    "means": "What this means",
    "assumptions": (
        "The wanted error counts as reached if the simulated one is below it by two standard errors.",
        "Pilots are refitted by maximum likelihood under the Beta law (with a ceiling, if there is one). If the "
        "problems follow another law, the error at a k far beyond the pilot is larger than the one given here.",
        "Problems are a random sample of those of interest, attempts are independent, outcomes are scored correctly.",
        "The Fisher bound holds for unbiased estimates; for the decision it is the regret that large pilots tend to.",
    ),
    "headings": {
        "allocation": "allocation", "problems": "problems", "attempts": "attempts each", "total": "attempts in all",
        "error": "error", "stderr": "standard error", "bias": "bias", "lost": "share without an estimate",
        "bound": "Fisher bound", "endless": "bound, endless attempts", "uniform": "uniform", "adaptive": "adaptive",
    },
}  # fmt: skip

JA = {
    "language": "ja",
    "title": "パイロットの設計",
    "misfit": lambda source, p: (
        f"記憶モデルは {source} に適合しません(p = {p:.2g})。以下の規模は最も近いベータ法則によるもので、"
        "パイロットからはるかに離れた k での誤差はこれより大きい可能性があります。"
    ),
    "reached": _reached_ja,
    "unreached": _unreached_ja,
    "adaptive": lambda size: (
        f"同じ {count(size.total)} 回を、その時点で成功が最も少ない問題へ一回ずつ割り当てた場合の誤差は "
        f"{figures(size.error.error, size.error.stderr)} です。{_lost_ja(size)}"
    ),
    "source": lambda truth, source: (
        f"問題:失敗確率 ~ Beta({truth.alpha:.4g}, {truth.beta:.4g})"
        + (f"(全体の {truth.ceiling:.4g}。残りは決して解けない)" if truth.ceiling < 1 else "")
        + (f"。{source} の事後分布に最も近い法則。" if source else "。")
    ),
    "map": "問題数・試行回数と誤差",
    "map text": lambda pilots: (
        f"各数値は、その規模のパイロット {count(pilots)} 個を生成し、当てはめ直して求めました。実線:目標の誤差。"
        "破線:フィッシャー情報量が許す限界。枠:推奨する規模(なければ最良の規模)。"
    ),
    "line": lambda total: f"合計 {count(total)} 回:問題数を増やすか、試行を増やすか",
    "line text": (
        "合計回数を同じにして、問題数を変えた比較です。全問に同じ回数(uniform)、または次の一回を成功が最も少ない"
        "問題へ(adaptive、Kazdan et al. 2025, Alg. 1)。"
    ),
    "means": "読み方と前提",
    "assumptions": (
        "シミュレーションの誤差が、その標準誤差の2倍を加えても目標以下のとき、達成とみなします。",
        "ベータ法則(上限があればそれも含む)を前提に最尤推定します。問題が別の法則に従うなら、"
        "パイロットよりはるかに大きい k での誤差はここでの値より大きくなります。",
        "問題は対象全体から無作為に選ばれ、試行は独立で、正誤の判定は正しいものとします。",
        "フィッシャーの下限は不偏推定に対するものです。k の選択については、大きなパイロットでの損失の極限です。",
    ),
    "headings": {
        "allocation": "割り当て", "problems": "問題数", "attempts": "1問あたり", "total": "合計回数",
        "error": "誤差", "stderr": "その標準誤差", "bias": "偏り", "lost": "推定できない割合",
        "bound": "フィッシャーの下限", "endless": "下限(試行無限)", "uniform": "均等", "adaptive": "適応的",
    },
}  # fmt: skip

WORDS = {"en": EN, "ja": JA}
