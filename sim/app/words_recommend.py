"""What the report of recommend says, in English and in Japanese: a function or a text for each thing to be said."""

import numpy as np

from sim.app.words_calibrate import count, percent


def money(value, currency):
    """0.4 as 0.40 USD: cents, or three digits of what is smaller."""
    size = abs(value)
    decimals = 0 if size >= 1000 else 2 if size >= 0.1 or size == 0 else int(2 - np.floor(np.log10(size)))
    return f"{value:,.{min(decimals, 15)}f}\u00a0{currency}"


def share(value):
    """0.0031 as 0.3 %: of a loss, of which nobody needs many digits."""
    return "less than 0.1\u00a0%" if value < 0.001 else f"{100 * value:.{1 if value < 0.1 else 0}f}\u00a0%"


def _share_ja(value):
    return "0.1\u00a0% 未満" if value < 0.001 else f"約 {share(value)}"


def _attempts(number):
    return f"{count(number)} attempt{'' if number == 1 else 's'}"


def _outcome(one, currency):
    return (
        f"about {percent(one.solved.mean)} ({percent(one.solved.low)} to {percent(one.solved.high)}) solved "
        f"for {money(one.cost.mean, currency)} a problem"
    )


def _range(one, loss):
    if one.low == one.high:
        return ""
    return f" (anything from {count(one.low)} to {count(one.high)} is within {100 * loss:g}\u00a0% of the best)"


def _sentence(name, one, asked):
    if one.attempts == 0:
        return f"{name}Pay for no attempts: at {money(asked.prices.each, asked.currency)} an attempt, none pays."
    if asked.prices.sequential:
        head = f"Try a problem up to {_attempts(one.attempts).replace('attempt', 'time')}, until an answer is accepted"
    else:
        head = f"Pay for {_attempts(one.attempts)} a problem"
    return (
        f"{name}{head}{_range(one, asked.loss)}: {_outcome(one, asked.currency)}; "
        f"deciding now costs about {share(one.share)} of what is to be had."
    ).replace("about less", "less")


def _cannot(name, one, asked, why):
    ends = ""
    if one.best_low < one.best_high:
        ends = f": the best number lies anywhere from {count(one.best_low)} to {count(one.best_high)} (90 % interval)"
    now = f"{_attempts(one.attempts)} a problem, {_outcome(one, asked.currency)}" if one.attempts else "no attempts"
    return (
        f"{name}This pilot cannot tell how many attempts to pay for{ends}. {why} If it must be decided now: {now}, "
        f"at a mean loss of {money(one.regret, asked.currency)} a problem against knowing the law."
    )


def _stages(found, asked):
    ends = found.attempts
    if not len(ends):
        return "No stage of attempts pays."
    return (
        f"In stages: try {' + '.join(count(step) for step in np.diff(ends, prepend=0))} times, look after each stage, "
        f"go on with what is unsolved: {percent(found.solved[-1])} solved for {money(found.cost[-1], asked.currency)} "
        f"a problem."
    )


def _budget(found, asked):
    number = f"{count(found.problems)} problems"
    bought = f"{percent(found.solved)} solved for {money(found.cost, asked.currency)}"
    if len(found.attempts) > 1:
        what = f"more attempts where the next one solves with a probability of at least {found.hazard:.2g}"
    else:
        what = f"{'up to ' if asked.prices.sequential else ''}{_attempts(found.attempts[0])} each"
    rest = "" if found.binds else "; more money would buy nothing that pays"
    return f"A budget of {money(asked.total, asked.currency)} for {number} buys {what}: {bought}{rest}."


def _alike(first, second):
    """Whether two models are worth the same."""
    return abs(first.net - second.net) <= 1e-9 * max(abs(first.net), abs(second.net))


def _rivals(found, asked):
    first, second = found.rows[:2]
    better = "second" if found.gain > 0 else "first"
    chance = found.better if found.gain > 0 else 1 - found.better
    told = f"The {better} model is the better buy (probability {percent(chance)})"
    head = "Neither model is the better buy" if _alike(first, second) else told
    return (
        f"{head}: at its best each, the first solves "
        f"{percent(first.solved)} with {_attempts(first.attempts)} for {money(first.cost, asked.currency)} a problem, "
        f"the second {percent(second.solved)} with {_attempts(second.attempts)} for "
        f"{money(second.cost, asked.currency)}; net {money(first.net, asked.currency)} against "
        f"{money(second.net, asked.currency)}."
    )


def _other(kind, one):
    of = "New problems of the same kind" if kind == "new" else "These very problems"
    if one.attempts == 0:
        return f"{of}: no attempts pay."
    low, high = percent(one.solved.low), percent(one.solved.high)
    return f"{of}: {_attempts(one.attempts)}, {percent(one.solved.mean)} ({low} to {high}) solved."


def _needed(rate, dearest, asked):
    if rate > 1:
        return "No model that is asked once at this price or above is worth as much, however good."
    return (
        f"A better model, asked once, is worth as much as these attempts if it solves {percent(rate)} at the price of "
        f"one of them; one that solves every problem is worth up to {money(dearest, asked.currency)}."
    )


EN = {
    "language": "en",
    "title": "How many attempts to pay for",
    "sentence": _sentence,
    "cannot": _cannot,
    "solved": lambda solved: (
        f"{f'Only {solved}' if solved else 'None'} of its problems {'were' if solved > 1 else 'was'} solved at all."
    ),
    "factor": lambda ends: f"The ends are {ends[1] / max(ends[0], 1):.0f} times apart.",
    "limited": lambda k: f"More would pay, but no more than {count(k)} are allowed (latency.limit, attempts.max).",
    "stages line": _stages,
    "budget line": _budget,
    "rivals line": _rivals,
    "needed line": _needed,
    "other line": _other,
    "seconds line": lambda seconds: f"A problem takes up to {seconds:,.4g} s.",
    "flops line": lambda each: f"It takes {each:.3g} FLOPs a problem on average.",
    "payoff": "Where another attempt stops paying",
    "payoff text": lambda asked: (
        "Above: value of solved problems less the money for attempts, a problem; the shaded numbers of attempts are "
        f"within {100 * asked.loss:g} % of the best. Below: what one attempt more is worth, and its price (dashed). "
        "Bands: 90 %.",
        "Attempts end with the first accepted answer: the curve below is worth for a problem that is still unsolved."
        if asked.prices.sequential
        else "All attempts are paid for, whatever comes out.",
    ),
    "kinds": "These problems, and new ones",
    "kinds text": (
        "These: the problems of the pilot, tried afresh. New: drawn anew from the same kind. The interval of the best "
        "number is what would be best if the law were known; the regret is what not knowing it costs on average.",
    ),
    "stages": "In stages",
    "stages text": (
        "Attempts double with each stage, or grow faster; after each, problems with an accepted answer are left alone. "
        "The hazard is the chance that the next attempt solves a problem that is still unsolved, "
        "E[s(1-s)^k] / E[(1-s)^k]; it falls with every failure, and attempts end where value times hazard falls below "
        "the price. With a verifier that errs, it is the mean worth of the attempt, in values of a problem.",
    ),
    "updates": "The unsolved problems of the pilot",
    "updates text": (
        "Those without a success, by the attempts already made: probability that one attempt solves such a problem, "
        "and how many further attempts pay.",
    ),
    "no updates": "Every problem of the pilot was solved at least once.",
    "budget": "The budget",
    "budget text": (
        "Most attempts at a problem, by its successes in the pilot. The next one is worth the same everywhere."
    ),
    "rivals": "Two models",
    "rivals text": lambda same: (
        "Each at its own best number of attempts, at the spend of the other's best, and the second asked once.",
        "Both pilots have the same problems."
        if same
        else "The pilots have different problems: the comparison holds as far as these are alike.",
    ),
    "needed": "Attempts, or a better model?",
    "needed text": (
        "Pass@1 that a model needs, asked once at a multiple of the price, to be worth as much as the best number of "
        "attempts of this one; above 1 there is no such model.",
    ),
    "would break": "What would break this",
    "assumptions": (
        "Attempts at a problem are independent, with a success probability of its own that does not change.",
        "Successes in the pilot are right answers. The verifier errs at the rates given, independently each time.",
        "Mean values decide: no risk is priced in. Values and prices do not change with the number of attempts.",
        "Whether the laws fit the pilot at all: python -m sim calibrate.",
    ),
    "headings": {
        "attempts": "attempts k", "solved": "solved", "solved_low": "5 %", "solved_high": "95 %", "cost": "cost",
        "net": "net value", "gain": "one more is worth", "price": "and costs", "problems": "problems",
        "these": "these", "new": "new", "low": "as good from", "high": "to", "best_low": "best, 5 %",
        "best_high": "best, 95 %", "wrong": "wrong accepted", "regret": "regret", "left": "unsolved",
        "hazard": "hazard", "made": "attempts made", "success": "success s", "s_low": "s, 5 %", "s_high": "s, 95 %",
        "further": "further attempts", "further_solved": "they solve", "further_cost": "they cost", "model": "model",
        "use": "use", "best": "own best", "spend of the other": "at the other's spend", "once": "once",
        "spend of once": "at the spend of the second once", "factor": "times the price", "needed": "pass@1 needed",
        "first": "first", "second": "second", "seen": "successes / attempts",
    },
}  # fmt: skip


def _outcome_ja(one, currency):
    return (
        f"約 {percent(one.solved.mean)}({percent(one.solved.low)} ~ {percent(one.solved.high)})が解け、"
        f"費用は1問あたり {money(one.cost.mean, currency)}"
    )


def _sentence_ja(name, one, asked):
    if one.attempts == 0:
        price = money(asked.prices.each, asked.currency)
        return f"{name}試行に費用をかける価値はありません:1回 {price} では、1回も見合いません。"
    head = "回答が受理されるまで最大" if asked.prices.sequential else ""
    near = ""
    if one.low < one.high:
        near = f"({count(one.low)} ~ {count(one.high)} 回なら最良との差は {100 * asked.loss:g} % 以内)"
    return (
        f"{name}1問につき{head} {count(one.attempts)} 回の試行に費用をかけてください{near}。"
        f"{_outcome_ja(one, asked.currency)}です。今決めることによる損失は、得られる価値の{_share_ja(one.share)}です。"
    )


def _cannot_ja(name, one, asked, why):
    ends = ""
    if one.best_low < one.best_high:
        ends = f"最良の回数は {count(one.best_low)} から {count(one.best_high)} まであり得ます(90 % 区間)。"
    now = f"{count(one.attempts)} 回({_outcome_ja(one, asked.currency)})" if one.attempts else "試行しないこと"
    return (
        f"{name}何回の試行に費用をかけるべきか、このパイロットからは判断できません。{ends}{why}"
        f"今決めるなら {now} です。法則が分かっている場合に比べた平均損失は1問あたり "
        f"{money(one.regret, asked.currency)} です。"
    )


def _stages_ja(found, asked):
    ends = found.attempts
    if not len(ends):
        return "見合う段階はありません。"
    steps = " + ".join(count(step) for step in np.diff(ends, prepend=0))
    return (
        f"段階的に進める場合:{steps} 回と、段階ごとに結果を見て、"
        f"未解決の問題だけ続けます。{percent(found.solved[-1])} が解け、費用は1問あたり "
        f"{money(found.cost[-1], asked.currency)} です。"
    )


def _budget_ja(found, asked):
    if len(found.attempts) > 1:
        what = f"次の1回で解ける確率が {found.hazard:.2g} 以上の問題に試行を追加でき"
    else:
        what = f"1問につき{'最大 ' if asked.prices.sequential else ' '}{count(found.attempts[0])} 回試行でき"
    rest = "" if found.binds else "これ以上の予算があっても、見合う試行はありません。"
    return (
        f"{count(found.problems)} 問に対する予算 {money(asked.total, asked.currency)} では、{what}、"
        f"{percent(found.solved)} が解けます(費用 {money(found.cost, asked.currency)})。{rest}"
    )


def _rivals_ja(found, asked):
    first, second = found.rows[:2]
    better = "第2" if found.gain > 0 else "第1"
    chance = found.better if found.gain > 0 else 1 - found.better
    told = "、".join(
        f"第{number}のモデルは {count(row.attempts)} 回・1問 {money(row.cost, asked.currency)} で "
        f"{percent(row.solved)} を解き、正味の価値は {money(row.net, asked.currency)}"
        for number, row in ((1, first), (2, second))
    )
    other = f"{better}のモデルのほうが得です(確率 {percent(chance)})"
    head = "どちらのモデルも同じ価値です" if _alike(first, second) else other
    return f"{head}。それぞれ最良の回数で、{told}です。"


def _other_ja(kind, one):
    of = "同種の新しい問題" if kind == "new" else "まさにこれらの問題"
    if one.attempts == 0:
        return f"{of}では、試行は見合いません。"
    low, high = percent(one.solved.low), percent(one.solved.high)
    return f"{of}では {count(one.attempts)} 回で、{percent(one.solved.mean)}({low} ~ {high})が解けます。"


def _needed_ja(rate, dearest, asked):
    if rate > 1:
        return "この価格以上で1回だけ尋ねて同じ価値になるモデルは、どれほど優れていてもありません。"
    return (
        f"より良いモデルに1回だけ尋ねる場合、試行1回の価格で {percent(rate)} を解ければ、この回数の試行と同じ価値です。"
        f"すべての問題を解けるモデルなら、1回 {money(dearest, asked.currency)} まで払う価値があります。"
    )


JA = {
    "language": "ja",
    "title": "何回の試行に費用をかけるか",
    "sentence": _sentence_ja,
    "cannot": _cannot_ja,
    "solved": lambda solved: (
        f"一度でも解けた問題が{f' {solved} 問しか' if solved else '一つも'}ありません。"
    ),
    "factor": lambda ends: f"その両端は {ends[1] / max(ends[0], 1):.0f} 倍離れています。",
    "limited": lambda k: f"さらに試行する価値はありますが、{count(k)} 回が上限です(latency.limit、attempts.max)。",
    "stages line": _stages_ja,
    "budget line": _budget_ja,
    "rivals line": _rivals_ja,
    "needed line": _needed_ja,
    "other line": _other_ja,
    "seconds line": lambda seconds: f"1問にかかる時間は最大 {seconds:,.4g} 秒です。",
    "flops line": lambda each: f"計算量は1問あたり平均 {each:.3g} FLOPs です。",
    "payoff": "次の1回が見合わなくなるところ",
    "payoff text": lambda asked: (
        "上:解けた問題の価値から試行の費用を引いた1問あたりの正味。"
        f"網掛けの回数は最良との差が {100 * asked.loss:g} % 以内。"
        "下:もう1回の試行の価値と、その価格(破線)。帯:90 %。",
        "回答が受理された時点で試行を終えます。下の曲線は、まだ解けていない問題についての価値です。"
        if asked.prices.sequential
        else "結果によらず、すべての試行に費用がかかります。",
    ),
    "kinds": "これらの問題と新しい問題",
    "kinds text": (
        "これら:パイロットの問題をあらためて試行する場合。新しい:同種の問題を新たに抽出する場合。最良の回数の区間は、"
        "法則が分かっていた場合に最良となる回数です。損失は、法則が分からないことによる平均の損です。",
    ),
    "stages": "段階的に進める",
    "stages text": (
        "試行回数は段階ごとに倍以上に増やし、各段階のあと、回答が受理された問題は終了します。ハザードは、まだ解けていない問題が次の1回で解ける"
        "確率 E[s(1-s)^k] / E[(1-s)^k] です。失敗のたびに下がり、価値×ハザードが価格を下回ったら打ち切ります。"
        "検証器が誤る場合は、次の1回の平均の価値(問題の価値を単位とする)です。",
    ),
    "updates": "パイロットで未解決の問題",
    "updates text": (
        "一度も成功していない問題を、これまでの試行回数で分けました。1回で解ける確率と、あと何回の試行が見合うかを示します。",
    ),
    "no updates": "パイロットのすべての問題が、一度は解けています。",
    "budget": "予算",
    "budget text": "パイロットでの成功数ごとの、1問に許す試行回数。次の1回の価値はどこでも同じです。",
    "rivals": "二つのモデル",
    "rivals text": lambda same: (
        "それぞれ最良の回数で、相手の最良と同じ費用で、また第2のモデルに1回だけ尋ねた場合の比較です。",
        "二つのパイロットの問題は同じです。"
        if same
        else "二つのパイロットの問題は異なります。比較は、問題が似ている限りで成り立ちます。",
    ),
    "needed": "試行を増やすか、より良いモデルか",
    "needed text": (
        "価格が何倍かのモデルに1回だけ尋ねて、このモデルの最良の回数と同じ価値になるために必要な pass@1。"
        "1 を超える場合、そのようなモデルはありません。",
    ),
    "would break": "前提と、それが崩れる場合",
    "assumptions": (
        "同じ問題への試行は互いに独立で、成功確率は問題ごとに一定です。",
        "パイロットでの成功は正しい回答です。検証器は与えられた率で、試行ごとに独立に誤ります。",
        "平均の価値で決めています。リスクは考慮していません。価値と価格は試行回数によって変わりません。",
        "法則がパイロットに適合するかどうかは python -m sim calibrate で調べてください。",
    ),
    "headings": {
        "attempts": "試行回数 k", "solved": "解ける割合", "solved_low": "5 %", "solved_high": "95 %", "cost": "費用",
        "net": "正味の価値", "gain": "もう1回の価値", "price": "その価格", "problems": "問題",
        "these": "これら", "new": "新しい", "low": "同等の下限", "high": "同等の上限", "best_low": "最良 5 %",
        "best_high": "最良 95 %", "wrong": "誤答の受理", "regret": "損失", "left": "未解決",
        "hazard": "ハザード", "made": "これまでの試行", "success": "成功確率 s", "s_low": "s 5 %", "s_high": "s 95 %",
        "further": "さらに試行", "further_solved": "それで解ける", "further_cost": "その費用", "model": "モデル",
        "use": "使い方", "best": "最良の回数", "spend of the other": "相手の費用で", "once": "1回",
        "spend of once": "第2のモデル1回分の費用で", "factor": "価格の倍率", "needed": "必要な pass@1",
        "first": "第1", "second": "第2", "seen": "成功 / 試行",
    },
}  # fmt: skip

WORDS = {"en": EN, "ja": JA}
