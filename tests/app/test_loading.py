import subprocess
import sys

_LOADED = """
import sys
import numpy
listed, known = set(dir(numpy)), set(numpy.__all__)
from sim.app.configuring.loading import load_special
load_special()
import scipy.special
print(sorted(name for name in sys.modules if name in ("numpy.f2py", "numpy.testing", "scipy.special")))
print(scipy.special.gammaln(3.0) == numpy.log(2.0), set(dir(numpy)) >= listed, set(numpy.__all__) == known)
import numpy.testing
print(numpy.polynomial.Polynomial([1, 2])(3), numpy.testing.assert_equal(1, 1))
"""


def test_special_functions_come_without_what_nobody_uses_and_numpy_is_left_whole():
    done = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['scipy.special']", "True True True", "7.0 None"]


def test_the_command_line_loads_none_of_it(tmp_path):
    """As SciPy may load its functions by another way one day: then a quarter of the start-up would be back."""
    script = (
        "import sys; from sim import __main__ as m; sys.argv = sys.argv[:1] + ['run', 'experiment=coverage',"
        f"'budget=smoke', 'output={tmp_path}']; code = m.main(); print(code, 'numpy.f2py' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False"
