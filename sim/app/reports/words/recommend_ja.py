"""What the report of recommend says, in Japanese."""

import numpy as np

from sim.app.reports.words import calibrate
from sim.app.reports.words.numbers import alike, count, few, money, percent, share


def _share(value):
    return "0.1\u00a0% 未満" if value < 0.001 else f"約 {share(value)}"


def _weighed(share):
    if np.ndim(share) == 0 and not isinstance(share, tuple):
        return f"(重みでは {percent(share)})"
    return f"(重みでは {percent(share.median)}、{percent(share.low)} ~ {percent(share.high)})"


def _outcome(one, currency, weighed):
    return (
        f"約 {percent(one.solved.median)}({percent(one.solved.low)} ~ {percent(one.solved.high)}){weighed}が解け、"
        f"費用は1問あたり {money(one.cost.mean, currency)}"
    )


def _sentence(one, asked, weighed):
    if one.attempts == 0:
        price = money(asked.prices.each, asked.currency)
        return f"試行に費用をかける価値はありません:1回 {price} では、1回も見合いません。"
    head = "回答が受理されるまで最大" if asked.prices.sequential else ""
    near = ""
    if one.low < one.high:
        near = f"({count(one.low)} ~ {count(one.high)} 回なら最良との差は {100 * asked.loss:g} % 以内)"
    return (
        f"1問につき{head} {count(one.attempts)} 回の試行に費用をかけてください{near}。"
        f"{_outcome(one, asked.currency, weighed)}です。"
        f"このパイロットだけで決めることで失う価値は、達成可能な価値の{_share(one.share)}です。"
    )


def _cannot(one, asked, why, weighed):
    ends = ""
    if one.best_low < one.best_high:
        ends = f"最良の回数は {count(one.best_low)} から {count(one.best_high)} まであり得ます(90 % 区間)。"
    now = f"{count(one.attempts)} 回({_outcome(one, asked.currency, weighed)})" if one.attempts else "試行しないこと"
    return (
        f"何回の試行に費用をかけるべきか、このパイロットからは判断できません。{ends}{why}"
        f"今決めるなら {now} です。問題の難しさが分かっている場合に比べた平均損失は1問あたり "
        f"{money(one.regret, asked.currency)} です。"
    )


def _stages(found, asked, weighed, more):
    ends = found.attempts
    if not len(ends):
        return "見合う段階はありません。"
    steps = " + ".join(count(step) for step in np.diff(ends, prepend=0))
    better = "" if more is None else f"まとめて試行するより1問あたり {money(more, asked.currency)} 有利です。"
    return (
        f"段階的に進める場合:{steps} 回と、段階ごとに結果を見て、"
        f"未解決の問題だけ続けます。{percent(found.solved[-1])}{weighed}が解け、費用は1問あたり "
        f"{money(found.cost[-1], asked.currency)} です。{better}"
    )


def _budget(found, asked, weighed):
    if len(found.attempts) > 1:
        what = f"次の1回で解ける確率が {found.hazard:.2g} 以上の問題に試行を追加でき"
    else:
        what = f"1問につき{'最大 ' if asked.prices.sequential else ' '}{count(found.attempts[0])} 回試行でき"
    rest = "" if found.binds else "これ以上の予算があっても、見合う試行はありません。"
    return (
        f"{count(found.problems)} 問に対する予算 {money(asked.total, asked.currency)} では、{what}、"
        f"{percent(found.solved)}{weighed}が解けます(費用 {money(found.cost, asked.currency)})。{rest}"
    )


def _rivals(found, asked):
    first, second = found.rows[:2]
    better = "第2" if found.gain > 0 else "第1"
    chance = found.better if found.gain > 0 else 1 - found.better
    parts = "、".join(
        f"第{number}のモデルは {count(row.attempts)} 回・1問 {money(row.cost, asked.currency)} で "
        f"{percent(row.solved)} を解き、正味の価値は {money(row.net, asked.currency)}"
        for number, row in ((1, first), (2, second))
    )
    other = f"{better}のモデルのほうが得です(確率 {percent(chance)})"
    head = "どちらのモデルも同じ価値です" if alike(first, second) else other
    return f"{head}。それぞれ最良の回数で、{parts}です。"


def _other(kind, one, weighed):
    of = "同種の新しい問題" if kind == "new" else "まさにこれらの問題"
    if one.attempts == 0:
        return f"{of}では、試行は見合いません。"
    low, high = percent(one.solved.low), percent(one.solved.high)
    return f"{of}では {count(one.attempts)} 回で、{percent(one.solved.median)}({low} ~ {high}){weighed}が解けます。"


_INSTEAD = {"budget": "予算がない場合", "rivals": "第1のモデルの場合", "stages": "まとめて試行する場合"}


def _after(said, sentence):
    return f"{'、'.join(_INSTEAD[key] for key in said)}:{sentence}" if said else sentence


def _needed(rate, dearest, asked):
    if rate > 1:
        return "この価格以上で1回だけ尋ねて同じ価値になるモデルは、どれほど優れていてもありません。"
    return (
        f"より良いモデルに1回だけ尋ねる場合、試行1回の価格で {percent(rate)} を解ければ、"
        "最良の回数の試行と同じ価値です。"
        f"すべての問題を解けるモデルなら、1回 {money(dearest, asked.currency)} まで払う価値があります。"
    )


WORDS = {
    "language": "ja",
    "title": "何回の試行に費用をかけるか",
    "misfit": lambda p: (
        f"記憶モデルはこのパイロットに適合しません(p = {p:.2g})。以下の数値は、適合する事後分布から得ています。"
    ),
    "effective": lambda attempts, independent: (
        f"試行の結果が直前の結果を繰り返しています。成功率の推定にとって、{count(attempts)} 回の試行は独立な試行の"
        f"およそ {few(independent)} 回分に相当します。区間は試行を独立とみなしているため、狭すぎます。"
    ),
    "after": _after,
    "weighed": _weighed,
    "alike": "(重みなし)",
    "all alike": "この比較の割合は、すべての問題を等しく数えています。",
    "sentence": _sentence,
    "cannot": _cannot,
    "solved": lambda solved: (
        f"一度でも解けた問題が{f' {solved} 問しか' if solved else '一つも'}ありません。"
    ),
    "attempts": calibrate.JA["attempts"],
    "factor": lambda ends: f"その両端の比は {ends[1] / max(ends[0], 1):.0f} 倍です。",
    "limited": lambda k: f"さらに試行する価値はありますが、{count(k)} 回が上限です(latency.limit、attempts.max)。",
    "stages line": _stages,
    "budget line": _budget,
    "rivals line": _rivals,
    "needed line": _needed,
    "other line": _other,
    "seconds line": lambda seconds, staged: (
        f"1問にかかる時間は最大 {seconds:,.4g} 秒"
        f"{f'、段階的に進める場合は最大 {staged:,.4g} 秒' if staged else ''}です。"
    ),
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
        "これらの問題の難しさ(新しい問題では同種の問題の難しさ)が分かっていた場合に最良となる回数です。"
        "損失は、それが分からないことによる平均の損です。",
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
        "記憶モデルがパイロットにどこまで適合するかは python -m sim calibrate で調べてください。",
    ),
    "headings": {
        "attempts": "試行回数 k", "solved": "解ける割合", "solved_low": "5 %", "solved_high": "95 %",
        "weighted": "重みでの割合", "weighted_low": "重み 5 %", "weighted_high": "重み 95 %", "cost": "費用",
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
