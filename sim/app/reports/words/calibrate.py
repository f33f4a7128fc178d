"""What the report of calibrate says, in English and in Japanese: a function or a text for each thing to be said."""

from sim.app.reports.words.numbers import between, count, few, percent
from sim.calibration import prior
from sim.calibration.ansatz import CANNOT_TELL, FITS, MISFITS


def _factor(ends):
    ratio = ends[1] / max(ends[0], 1e-12)
    return f"{ratio:.1f}" if ratio < 1000 else "1000+"


def _only(number):
    return f"only {count(number)}" if number else "none"


EN = {
    "title": "Calibration of a pilot",
    "sentence": lambda name, k, point, low, high: (
        f"{name}{count(k)} attempts a problem would solve about {percent(point)} of these problems "
        f"(90 % interval {percent(low)} to {percent(high)})."
    ),
    "cannot": lambda name, k, low, high, why: (
        f"{name}this pilot cannot tell what {count(k)} attempts a problem would solve: "
        f"anything from {percent(low)} to {percent(high)} (90 % interval). {why}"
    ),
    "if": lambda name, k, point, low, high, why: (
        f"{name}{count(k)} attempts a problem would solve about {percent(point)} of these problems (90 % interval "
        f"{percent(low)} to {percent(high)}), if the law holds beyond the pilot as within it. "
        f"This pilot cannot tell whether it does. {why}"
    ),
    "solved": lambda solved: (
        f"{f'Only {solved}' if solved else 'None'} of its problems {'were' if solved > 1 else 'was'} solved at all."
    ),
    "factor": lambda ends: f"The interval spans a factor of {_factor(ends)}.",
    "attempts": lambda most: (
        "One attempt a problem cannot show how success probabilities spread over problems."
        if most == 1
        else "Two attempts a problem hardly show how success probabilities spread over problems."
    ),
    "unseen": lambda seen: (
        f"{count(seen[0])} problem{' was' if seen[0] == 1 else 's were'} never solved and {_only(seen[1])} solved "
        f"exactly once, which hardly shows how hard the unsolved ones are: the counts alone allow anything up to "
        f"{percent(seen[2])}."
    ),
    "prior": lambda ends: (
        f"The answer depends on the prior: with one twice as wide the interval is {percent(ends[0])} to "
        f"{percent(ends[1])}."
    ),
    FITS: "The memorising model fits this pilot",
    MISFITS: "The memorising model does not fit this pilot",
    CANNOT_TELL: "This pilot cannot tell whether the memorising model fits",
    "p": lambda p: f" (p = {p:.2g}, by simulation).",
    "no p": ": it has too few successes or failures, or its attempts ended with success.",
    "never": lambda low, high: (
        f"Between {between(low, high)} of these problems may be out of reach (90 % interval)."
        if high > 0
        else "None of these problems is likely to be out of reach."
    ),
    "effective": lambda attempts, independent: (
        f"Attempts repeat each other: for estimating a share of successes, {count(attempts)} attempts carry about as "
        f"much as {few(independent)} independent ones. The intervals assume independent attempts and are too narrow."
    ),
    "growth": "How coverage grows",
    "growth text": (
        "pass@k is the chance of at least one success in k attempts. Points: what the pilot shows, the unbiased "
        "estimate at that k with one standard error over problems and attempts. Line and bands: the share of exactly "
        "these problems that k attempts each will solve: median, 50 % and 90 % interval. Dashed: 90 % interval for as "
        "many new problems of the same kind, which varies with the choice of problems too. Do not confuse the two."
    ),
    "posterior text": (
        "Prediction and intervals come from one posterior: the Beta law of the memorising model with a ceiling "
        "(Levi 2024), and a smooth deviation from it, whose size and smoothness are averaged over."
    ),
    "reliability": "How often all attempts succeed",
    "reliability text": (
        "pass^k is the chance that all of k attempts succeed, averaged over these problems and over "
        "as many new ones. No attempts are drawn for it, so that at k = 1 its interval is narrower than that of "
        "pass@k, the share of problems that k attempts each will solve. Below 1e-6 it is shown as 0."
    ),
    "cover": "How hard the problems are",
    "cover text": (
        "Share of problems with at least this success probability (Cover@tau; Dragoi et al. 2025), and of problems out "
        "of reach, which no number of attempts solves; a success probability below 1e-13 counts as zero."
    ),
    "at least": lambda success: f"at least {success:g}",
    "none": "none: out of reach",
    "parameters": "Ceiling and exponent, together",
    "parameters text": lambda r: (
        "Of the memorising model with a ceiling (Levi 2024, Eq. 7): pass@k = A (1 - L(k)), where L falls as k^-beta. "
        f"A pilot can hardly distinguish a ceiling from slow growth: the correlation of A and beta is {r:+.2f}."
    ),
    "rests": "What the forecast depends on",
    "rests text": lambda k, own, wide: (
        "Three kinds of law share the posterior, by how well each predicts the counts. With a prior twice as wide the "
        f"90 % interval for {count(k)} attempts is {percent(wide[0])} to {percent(wide[-1])} instead of "
        f"{percent(own[0])} to {percent(own[-1])}: if the two differ much, the answer depends on the prior."
    ),
    "kinds": {
        prior.LEVI: "Levi's Beta law, with or without a ceiling",
        prior.MEASURED: "a Beta law with a smooth deviation, its growth as even as that of measured curves",
        prior.ROUGH: "a Beta law with a large and rough deviation",
    },
    "misfit": "Does the model fit?",
    "misfit text": lambda calibration: _fit_text(calibration.test, calibration.pilot),
    "backtest": "Backtest",
    "backtest text": lambda shown, inside: (
        f"Pilots of {count(shown)} attempts a problem, drawn from this one, were used to predict the rest of it. "
        f"{percent(inside['inside_90'])} of the 90 % intervals contained what was observed, and "
        f"{percent(inside['inside_50'])} of the 50 % intervals."
    ),
    "would break": "Assumptions",
    "assumptions": (
        "Attempts at a problem are independent, with a success probability of its own that does not change.",
        "Every success is a right answer: errors of a verifier are not corrected for here (see recommend).",
        "Attempts that depend on each other but could come in any order look like difficulty (de Finetti). No pilot "
        "can show this, and more attempts would then buy less than predicted.",
        "Far beyond the pilot the prediction depends on the law and on how far it may deviate: the interval widens.",
    ),
    "headings": {
        "attempts": "attempts k", "observed": "pilot", "observed_stderr": "standard error", "median": "pass@k",
        "low90": "5 %", "high90": "95 %", "new_low90": "new problems, 5 %", "new_high90": "new problems, 95 %",
        "new_median": "new problems, 50 %", "success": "success probability", "kind": "kind of law",
        "probability": "probability",
        "reliability_median": "pass^k, 50 %", "reliability_low90": "pass^k, 5 %", "reliability_high90": "pass^k, 95 %",
        "new_reliability_median": "new problems, 50 %", "new_reliability_low90": "new problems, 5 %",
        "new_reliability_high90": "new problems, 95 %", "low": "5 %", "middle": "50 %", "high": "95 %",
        "ceiling": "ceiling A", "alpha": "alpha", "beta": "exponent beta", "parameter": "parameter",
    },
}  # fmt: skip


def _fit_text(test, pilot):
    said = []
    if test.shape is not None:
        said.append(
            f"Spread of the counts over problems: p = {test.shape.p_value:.2g}. Points: problems with that share of "
            "successes; lines: as many as the fitted model expects; boxes: 90 % of the pilots simulated from it."
        )
    if test.order is not None:
        way = "less" if test.order.repeats > 0 else "more"
        said.append(
            f"Order of outcomes: p = {test.order.p_value:.2g}; outcomes change {abs(test.order.repeats):.1%} {way} "
            f"often than those of independent attempts ({test.order.problems} problems)."
        )
    elif pilot.outcomes is None:
        said.append("The order of outcomes is not known, so dependence of attempts was not tested.")
    return " ".join(said)


JA = {
    "title": "パイロットの較正",
    "sentence": lambda name, k, point, low, high: (
        f"{name}1問につき {count(k)} 回試行すると、これらの問題の約 {percent(point)} が解ける見込みです"
        f"(90 % 区間 {percent(low)} ~ {percent(high)})。"
    ),
    "cannot": lambda name, k, low, high, why: (
        f"{name}1問につき {count(k)} 回の試行で何割が解けるかは、このパイロットからは判断できません:"
        f"{percent(low)} から {percent(high)} まであり得ます(90 % 区間)。{why}"
    ),
    "solved": lambda solved: (
        f"一度でも解けた問題が{f' {solved} 問しか' if solved else '一つも'}ありません。"
    ),
    "factor": lambda ends: f"区間の両端の比が {_factor(ends)} 倍あります。",
    "attempts": lambda most: (
        "1問1回の試行では、成功確率の問題間のばらつきは分かりません。"
        if most == 1
        else "1問2回の試行では、成功確率の問題間のばらつきはほとんど分かりません。"
    ),
    "unseen": lambda seen: (
        f"一度も解けなかった問題が {count(seen[0])} 問あり、"
        f"ちょうど一度だけ解けた問題は {count(seen[1])} 問しかないため、"
        f"未解決の問題の難しさは法則の仮定に依存します。データだけなら {percent(seen[2])} まであり得ます。"
    ),
    "if": lambda name, k, point, low, high, why: (
        f"{name}パイロットの範囲を超えても同じ法則が続くなら、1問につき {count(k)} 回の試行で"
        f"これらの問題の約 {percent(point)} が解ける見込みです(90 % 区間 {percent(low)} ~ {percent(high)})。"
        f"続くかどうかは、このパイロットからは判断できません。{why}"
    ),
    "prior": lambda ends: (
        f"答えは事前分布に依存します。事前分布の幅を2倍にすると、"
        f"区間は {percent(ends[0])} ~ {percent(ends[1])} になります。"
    ),
    FITS: "記憶モデルはこのパイロットに適合します",
    MISFITS: "記憶モデルはこのパイロットに適合しません",
    CANNOT_TELL: "記憶モデルが適合するかどうか、このパイロットからは判断できません",
    "p": lambda p: f"(シミュレーションによる p = {p:.2g})。",
    "no p": ":事象が少なすぎるか、成功した時点で試行が打ち切られています。",
    "never": lambda low, high: (
        f"これらの問題のうち {percent(low)} ~ {percent(high)} は、何回試行しても解けない可能性があります(90 % 区間)。"
        if high > 0
        else "何回試行しても解けない問題は、これらの中にはないと見込まれます。"
    ),
    "effective": lambda attempts, independent: (
        f"試行の結果が直前の結果を繰り返しています。成功率の推定にとって、{count(attempts)} 回の試行は独立な試行の"
        f"およそ {few(independent)} 回分に相当します。区間は試行を独立とみなしているため、狭すぎます。"
    ),
    "growth": "カバレッジの伸び",
    "growth text": (
        "pass@k は k 回の試行で少なくとも一度成功する確率です。"
        "点:パイロットの値(その k での不偏推定値。問題と試行の両方に由来する標準誤差つき)。"
        "線と帯:まさにこれらの問題を各 k 回試行して解ける割合の中央値、50 % 区間、90 % 区間。"
        "破線:同数の同種の新しい問題に対する 90 % 区間"
        "(問題も新たに抽出されます)。この二つを混同しないでください。"
    ),
    "posterior text": (
        "予測値と区間は一つの事後分布から得ています。上限つき記憶モデルのベータ法則(Levi 2024)に、"
        "そこからの滑らかなずれを加えたもので、ずれの大きさと滑らかさについては平均しています。"
    ),
    "reliability": "すべての試行が成功する確率",
    "reliability text": (
        "pass^k は k 回の試行がすべて成功する確率、pass@k は少なくとも一度成功する確率です。"
        "表は pass^k を、まさにこれらの問題と、同数の新しい問題について平均した値です。試行の結果は抽出しないため、"
        "k = 1 での区間は、各 k 回試行して解ける割合である pass@k の区間より狭くなります。1e-6 未満は 0 と表示します。"
    ),
    "cover": "難しさごとの問題の割合",
    "cover text": (
        "成功確率がある値以上である問題の割合(Cover@tau、Dragoi et al. 2025)と、"
        "何回試行しても解けない問題の割合です。1e-13 未満の成功確率は 0 とみなします。"
    ),
    "at least": lambda success: f"{success:g} 以上",
    "none": "なし(解けない)",
    "parameters": "上限と指数(同時に)",
    "parameters text": lambda r: (
        "上限つき記憶モデル(Levi 2024, Eq. 7):pass@k = A (1 - L(k))、L は k^-beta で減少。"
        f"上限と遅い伸びはパイロットではほとんど区別できません:A と beta の相関は {r:+.2f} です。"
    ),
    "rests": "予測の根拠",
    "rests text": lambda k, own, wide: (
        f"3種類の法則が、データをどれだけよく予測するかに応じて事後分布を分け合います。事前分布の幅を2倍にすると、"
        f"{count(k)} 回の試行に対する 90 % 区間は {percent(own[0])} ~ {percent(own[-1])} ではなく "
        f"{percent(wide[0])} ~ {percent(wide[-1])} になります。両者が大きく違えば、答えは事前分布に依存しています。"
    ),
    "kinds": {
        prior.LEVI: "レヴィのベータ法則(上限あり、またはなし)",
        prior.MEASURED: "滑らかなずれを持ち、実測曲線のように均一に伸びるベータ法則",
        prior.ROUGH: "大きく粗いずれを持つベータ法則",
    },
    "misfit": "モデルは適合するか",
    "misfit text": lambda calibration: _fit_text_ja(calibration.test, calibration.pilot),
    "backtest": "バックテスト",
    "backtest text": lambda shown, inside: (
        f"このパイロットから1問 {count(shown)} 回分を抜き出して残りを予測しました。"
        f"90 % 区間のうち {percent(inside['inside_90'])}、50 % 区間のうち {percent(inside['inside_50'])} が、"
        "観測された値を含みました。"
    ),
    "would break": "前提と、それが崩れる場合",
    "assumptions": (
        "同じ問題への試行は互いに独立で、成功確率は問題ごとに一定です。",
        "成功の判定は正しいものとします。検証器の誤りはここでは補正しません(recommend を参照)。",
        "試行が互いに依存していても順序を入れ替えられるなら、難しさと区別できません(de Finetti)。"
        "これはどのパイロットからも分からず、その場合、試行を増やしても予測ほどは伸びません。",
        "パイロットから遠く離れると、予測は法則と、法則からのずれの許容範囲によって決まります。"
        "区間はそれに応じて広がります。",
    ),
    "headings": {
        "attempts": "試行回数 k", "observed": "パイロット", "observed_stderr": "標準誤差", "median": "pass@k",
        "low90": "5 %", "high90": "95 %", "new_low90": "新しい問題 5 %", "new_high90": "新しい問題 95 %",
        "new_median": "新しい問題 50 %", "success": "成功確率", "kind": "法則の種類", "probability": "確率",
        "reliability_median": "pass^k 50 %", "reliability_low90": "pass^k 5 %", "reliability_high90": "pass^k 95 %",
        "new_reliability_median": "新しい問題 50 %", "new_reliability_low90": "新しい問題 5 %",
        "new_reliability_high90": "新しい問題 95 %", "low": "5 %", "middle": "50 %", "high": "95 %",
        "ceiling": "上限 A", "alpha": "alpha", "beta": "指数 beta", "parameter": "パラメータ",
    },
}  # fmt: skip


def _fit_text_ja(test, pilot):
    said = []
    if test.shape is not None:
        said.append(
            f"問題間の成功数のばらつき:p = {test.shape.p_value:.2g}。点:成功率ごとの問題数。"
            "線:当てはめたモデルの期待値。箱:そのモデルから生成したパイロットの 90 %。"
        )
    if test.order is not None:
        way = "少ない" if test.order.repeats > 0 else "多い"
        said.append(
            f"結果の順序:p = {test.order.p_value:.2g}。"
            f"結果の変わり目が独立な場合より {abs(test.order.repeats):.1%} {way}({test.order.problems} 問)。"
        )
    elif pilot.outcomes is None:
        said.append("結果の順序が分からないため、試行どうしの依存は検定していません。")
    return "".join(said)


WORDS = {"en": EN, "ja": JA}
