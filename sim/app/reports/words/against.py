"""What calibrate and recommend say of the coverage of two models, in English and in Japanese."""

from sim.app.reports.words.numbers import count, percent


def _about(value):
    """1,234 as 1,200: of an estimate nobody needs more digits."""
    return count(float(f"{value:.2g}"))


# English --------------------------------------------------------------------------------------------------------------


def _sentence(found):
    if found.paired:
        scope = f"Of the {count(found.problems[0])} problem{'s' * (found.problems[0] > 1)} in both pilots, "
    else:
        scope = "The pilots share no problem; of new problems like those of each, "
    return f"{scope}{_leads(found)} (90\u00a0% band over all numbers of attempts){_turning(found)}."


def _leads(found):
    first, last = found.attempts[[0, -1]]
    if not found.leads:
        return (
            f"it is uncertain which model solves more, at any number of attempts from {count(first)} to {count(last)}"
        )
    parts = []
    for lead in found.leads:
        verb = "" if parts else " model solves more"
        parts.append(f"the {('first', 'second')[lead.model]}{verb} {_range(lead, first, last)}")
    return ", ".join(parts)


def _range(lead, first, last):
    if lead.low == lead.high:
        return f"at {count(lead.low)} attempt{'s' * (lead.low > 1)}"
    if (lead.low, lead.high) == (first, last):
        return f"at every number of attempts from {count(first)} to {count(last)}"
    if lead.low == first:
        return f"up to {count(lead.high)} attempts"
    if lead.high == last:
        return f"from {count(lead.low)} attempts on"
    return f"from {count(lead.low)} to {count(lead.high)} attempts"


def _turning(found):
    if found.turns:
        return "".join(
            f"; the order turns at about {_about(turn.middle)} attempts "
            f"(90\u00a0% interval {count(turn.low)} to {count(turn.high)})"
            for turn in found.turns
        )
    turn = found.chance
    if turn is None:
        return ""
    return (
        f"; the {('first', 'second')[turn.to]} overtakes with a probability of {percent(turn.probability)}, "
        f"then at {count(turn.low)} to {count(turn.high)} attempts (90\u00a0% interval)"
    )


EN = {
    "sentence": _sentence,
    "heading": "Which of two models solves more",
    "text": lambda found: (
        "Above: coverage of both models, medians. Below: coverage of the first less that of the second. The band holds "
        "the whole curve with 90 %, so it holds for all numbers of attempts at once: a model leads for sure "
        "where the band does not touch zero. No prices enter.",
        f"Both models are compared on the {count(found.problems[0])} problems that are in both pilots, paired by id."
        if found.paired
        else "No id of a problem is in both pilots, so new problems are drawn for each model, as many as in its pilot "
        f"({count(found.problems[0])} and {count(found.problems[1])}): the comparison holds as far as the two kinds "
        "of problems are alike.",
    ),
    "headings": {
        "attempts": "attempts k", "first": "first model", "second": "second model",
        "difference": "first less second", "low90": "band, low", "high90": "band, high", "leads": "leads for sure",
    },
    "models": ("first", "second"),
}  # fmt: skip


# Japanese -------------------------------------------------------------------------------------------------------------


def _sentence_ja(found):
    if found.paired:
        scope = f"両方のパイロットにある {count(found.problems[0])} 問では、"
    else:
        scope = "二つのパイロットに共通の問題がないため、それぞれと同種の新しい問題で比べると、"
    return f"{scope}{_leads_ja(found)}(全試行回数に対する 90\u00a0% 帯)。{_turning_ja(found)}"


def _leads_ja(found):
    first, last = found.attempts[[0, -1]]
    if not found.leads:
        return f"{count(first)} ~ {count(last)} 回のどの試行回数でも、どちらが多く解けるかは確かではありません"
    parts = [f"{_range_ja(lead, first, last)}第{lead.model + 1}のモデル" for lead in found.leads]
    return f"{'、'.join(parts)}のほうが確実に多く解けます"


def _range_ja(lead, first, last):
    if lead.low == lead.high:
        return f"{count(lead.low)} 回では"
    if (lead.low, lead.high) == (first, last):
        return f"{count(first)} ~ {count(last)} 回のどの試行回数でも"
    if lead.low == first:
        return f"{count(lead.high)} 回までは"
    if lead.high == last:
        return f"{count(lead.low)} 回からは"
    return f"{count(lead.low)} ~ {count(lead.high)} 回では"


def _turning_ja(found):
    if found.turns:
        return "".join(
            f"順位は約 {_about(turn.middle)} 回で入れ替わります"
            f"(90\u00a0% 区間 {count(turn.low)} ~ {count(turn.high)} 回)。"
            for turn in found.turns
        )
    turn = found.chance
    if turn is None:
        return ""
    return (
        f"確率 {percent(turn.probability)} で第{turn.to + 1}のモデルが逆転し、その場合の試行回数は "
        f"{count(turn.low)} ~ {count(turn.high)} 回です(90\u00a0% 区間)。"
    )


JA = {
    "sentence": _sentence_ja,
    "heading": "二つのモデルのどちらが多く解けるか",
    "text": lambda found: (
        "上:両モデルのカバレッジ(中央値)。下:第1のモデルのカバレッジから第2のモデルのカバレッジを引いた差。"
        "帯は曲線全体を 90 % の確率で含むので、そこから言えることはすべての試行回数で同時に成り立ちます。"
        "帯がゼロに触れない試行回数では、一方が確実に上です。価格は考慮していません。",
        f"両方のパイロットにある {count(found.problems[0])} 問を id で対応させて比べています。"
        if found.paired
        else "共通の id を持つ問題がないため、モデルごとにパイロットと同数の新しい問題"
        f"({count(found.problems[0])} 問と {count(found.problems[1])} 問)を抽出して比べています。"
        "比較は、二種類の問題が似ている限りで成り立ちます。",
    ),
    "headings": {
        "attempts": "試行回数 k", "first": "第1のモデル", "second": "第2のモデル", "difference": "差(第1 - 第2)",
        "low90": "帯の下端", "high90": "帯の上端", "leads": "確実に上",
    },
    "models": ("第1", "第2"),
}  # fmt: skip


WORDS = {"en": EN, "ja": JA}
