"""What the report of calibrate says, in English and in Japanese: a function or a text for each thing to be said."""

from sim.app.reports.words.numbers import count, percent
from sim.calibration.ansatz import CANNOT_TELL, FITS, MISFITS


def _factor(ends):
    ratio = ends[1] / max(ends[0], 1e-12)
    return f"{ratio:.1f}" if ratio < 1000 else "1000+"


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
    "solved": lambda solved: f"Only {solved} of its problems {'was' if solved == 1 else 'were'} solved at all.",
    "factor": lambda ends: f"The interval spans a factor of {_factor(ends)}.",
    FITS: "The memorising model fits this pilot",
    MISFITS: "The memorising model does not fit this pilot",
    CANNOT_TELL: "Whether the memorising model fits, this pilot cannot tell",
    "p": lambda p: f" (p = {p:.2g}, by simulation).",
    "no p": ": too little happened in it, or its attempts ended with success.",
    "growth": "How coverage grows",
    "growth text": (
        "pass@k is the chance of at least one success in k attempts. Points: what the pilot shows, with one standard "
        "error over problems and attempts. Bands: the share of these very problems that k attempts each will solve, "
        "50 % and 90 %. Dashed: 90 % for as many new problems of the same kind, which are drawn anew besides. The two "
        "must not be confused."
    ),
    "laws": "Laws that were averaged",
    "laws text": (
        "Intervals average six laws of difficulty by their evidence; the table shows what each alone foretells for "
        "new problems at the last k. The value that is said is half the average of the "
        "Beta laws and half the line through log(-log pass@k) against log k, in logarithms: what errs least on public "
        "curves."
    ),
    "parameters": "Ceiling and exponent, together",
    "parameters text": lambda r: (
        "Of the memorising model with a ceiling (Levi 2024, Eq. 7): pass@k = A (1 - L(k)), L falling as k^-beta. "
        f"A pilot hardly tells a ceiling from a slow growth: the correlation of A and beta is {r:+.2f}."
    ),
    "misfit": "Does the model fit?",
    "misfit text": lambda calibration: _fit_text(calibration),
    "backtest": "Backtest",
    "backtest text": lambda shown, inside: (
        f"Pilots of {count(shown)} attempts a problem, drawn from this one, foretold the rest of it; "
        f"{percent(inside)} of the 90 % intervals held what was seen."
    ),
    "would break": "What would break this",
    "assumptions": (
        "Attempts at a problem are independent, with a success probability of its own that does not change.",
        "A success is a success: a verifier that errs is not corrected for here (see recommend).",
        "No pilot can show it if attempts depend on each other but might come in any order: that looks like difficulty "
        "(de Finetti). More attempts would then buy less than is said.",
        "Far beyond the pilot the laws part: the interval knows how far, the single value does not.",
    ),
    "headings": {
        "attempts": "attempts k", "observed": "pilot", "observed_stderr": "standard error", "point": "pass@k",
        "low90": "5 %", "high90": "95 %", "new_low90": "new problems, 5 %", "new_high90": "new problems, 95 %",
        "law": "law", "share": "probability", "at": "pass@k there", "name": "", "low": "5 %", "middle": "50 %",
        "high": "95 %", "ceiling": "ceiling A", "alpha": "alpha", "beta": "exponent beta", "parameter": "parameter",
    },
}  # fmt: skip


def _fit_text(calibration):
    said = []
    if calibration.test.shape is not None:
        said.append(
            f"Spread of the counts over problems: p = {calibration.test.shape.p_value:.2g}. Points: problems with so "
            "large a share of successes; lines: as many as the fitted model expects; boxes: 90 % of pilots it makes."
        )
    if calibration.test.order is not None:
        order = calibration.test.order
        way = "repeat each other" if order.repeats > 0 else "alternate"
        said.append(
            f"Order of outcomes: p = {order.p_value:.2g}; neighbouring attempts {way} "
            f"(changes of outcome {abs(order.repeats):.1%} {'rarer' if order.repeats > 0 else 'more frequent'} than "
            f"for independent attempts, {order.problems} problems)."
        )
    elif calibration.pilot.outcomes is None:
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
    "solved": lambda solved: f"一度でも解けた問題が {solved} 問しかありません。",
    "factor": lambda ends: f"区間の両端の比が {_factor(ends)} 倍あります。",
    FITS: "記憶モデルはこのパイロットに適合します",
    MISFITS: "記憶モデルはこのパイロットに適合しません",
    CANNOT_TELL: "記憶モデルが適合するかどうか、このパイロットからは判断できません",
    "p": lambda p: f"(シミュレーションによる p = {p:.2g})。",
    "no p": ":事象が少なすぎるか、成功した時点で試行が打ち切られています。",
    "growth": "カバレッジの伸び",
    "growth text": (
        "pass@k は k 回の試行で少なくとも一度成功する確率です。"
        "点:パイロットの値(問題と試行の両方に由来する標準誤差つき)。"
        "帯:まさにこれらの問題を各 k 回試行して解ける割合の 50 % と 90 % 区間。"
        "破線:同数の同種の新しい問題に対する 90 % 区間"
        "(問題も新たに抽出されます)。この二つを混同しないでください。"
    ),
    "laws": "平均した法則",
    "laws text": (
        "区間は難しさの分布に関する6つの法則を、証拠(エビデンス)で重みづけて平均したものです"
        "(表は各法則による、最後の k での新しい問題への予測)。示した値は、対数で、"
        "ベータ法則の平均と log(-log pass@k) 対 log k の直線とを半分ずつ合わせたもので、公開データで誤差が最小でした。"
    ),
    "parameters": "上限と指数(同時に)",
    "parameters text": lambda r: (
        "上限つき記憶モデル(Levi 2024, Eq. 7):pass@k = A (1 - L(k))、L は k^-beta で減少。"
        f"上限と遅い伸びはパイロットではほとんど区別できません:A と beta の相関は {r:+.2f} です。"
    ),
    "misfit": "モデルは適合するか",
    "misfit text": lambda calibration: _fit_text_ja(calibration),
    "backtest": "バックテスト",
    "backtest text": lambda shown, inside: (
        f"このパイロットから1問 {count(shown)} 回分を抜き出して残りを予測しました。"
        f"90 % 区間のうち {percent(inside)} が実際の値を含みました。"
    ),
    "would break": "前提と、それが崩れる場合",
    "assumptions": (
        "同じ問題への試行は互いに独立で、成功確率は問題ごとに一定です。",
        "成功の判定は正しいものとします。検証器の誤りはここでは補正しません(recommend を参照)。",
        "試行が互いに依存していても順序を入れ替えられるなら、難しさと区別できません(de Finetti)。"
        "その場合、試行を増やしてもここで示すほどは伸びません。",
        "パイロットから遠く離れると法則ごとに予測が分かれます。区間はそれを含みますが、単一の値は含みません。",
    ),
    "headings": {
        "attempts": "試行回数 k", "observed": "パイロット", "observed_stderr": "標準誤差", "point": "pass@k",
        "low90": "5 %", "high90": "95 %", "new_low90": "新しい問題 5 %", "new_high90": "新しい問題 95 %",
        "law": "法則", "share": "確率", "at": "その pass@k", "name": "", "low": "5 %", "middle": "50 %",
        "high": "95 %", "ceiling": "上限 A", "alpha": "alpha", "beta": "指数 beta", "parameter": "パラメータ",
    },
}  # fmt: skip


def _fit_text_ja(calibration):
    said = []
    if calibration.test.shape is not None:
        said.append(
            f"問題間の成功数のばらつき:p = {calibration.test.shape.p_value:.2g}。点:成功率ごとの問題数。"
            "線:当てはめたモデルの期待値。箱:そのモデルが生むパイロットの 90 %。"
        )
    if calibration.test.order is not None:
        order = calibration.test.order
        way = "少ない" if order.repeats > 0 else "多い"
        said.append(
            f"結果の順序:p = {order.p_value:.2g}。結果の変わり目が独立な場合より {abs(order.repeats):.1%} {way}"
            f"({order.problems} 問)。"
        )
    elif calibration.pilot.outcomes is None:
        said.append("結果の順序が分からないため、試行どうしの依存は検定していません。")
    return "".join(said)


WORDS = {"en": EN, "ja": JA}
