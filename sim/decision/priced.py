"""The prices, verifier and time of recommend: conf/recommend.yaml to prices, or one sentence."""

from sim.decision.amounts import exceeds
from sim.decision.prices import Prices, of_tokens, within
from sim.records import checked

_LENGTHS = "prompt", "completion"
_TOKENS = ("prompt_price", "completion_price", *_LENGTHS)
_CHEAPEST, _DEAREST = 1e-12, 1e12


def of_model(config):
    """Prices of an attempt and of answers."""
    first, later = _price(config, "cost")
    verified = checked.number(config, "cost.verification", 0, _DEAREST)
    fixed = checked.number(config, "cost.fixed", 0, _DEAREST)
    accepted, rejected = (checked.number(config, f"verifier.false_{name}", 0, 1) for name in ("accept", "reject"))
    if not exceeds(1 - rejected, accepted):
        raise ValueError(
            f"verifier: need a right attempt to be accepted more often than a wrong one, got "
            f"false_accept={accepted:g} and 1 - false_reject={1 - rejected:g}"
        )
    _check_costs("cost", later + verified)
    sequential = checked.one_of(config, "paid", ("parallel", "sequential")) == "sequential"
    value = checked.number(config, "cost.value", _CHEAPEST, _DEAREST)
    wrong = checked.number(config, "cost.wrong", 0, _DEAREST)
    most = _most(config, sequential)
    return Prices(value, later + verified, wrong, fixed + (first - later), accepted, rejected, sequential, most)


def _check_costs(key, price):
    if exceeds(_CHEAPEST, price):
        raise ValueError(f"{key}: need attempts that cost at least {_CHEAPEST:g}, got a price of {price:g}")


def _price(config, section):
    """Price of the first attempt at a problem, and of the later ones.

    section: cost, or against, whose lengths of prompt and completion are those of cost unless it has its own.
    """
    price, tokens = config[section]["price"], config[section]["tokens"]
    given = [name for name in _TOKENS if tokens[name] is not None]
    of_whom = "" if section == "cost" else " of the second model"
    if price is not None and given:
        raise ValueError(f"{section}.price: need the price of an attempt or those of tokens, got both ({given[0]} too)")
    if price is not None:
        return (checked.number(config, f"{section}.price", 0, _DEAREST),) * 2
    if not given:
        raise ValueError(
            f"{section}.price: need the price of an attempt{of_whom}, or those of tokens ({section}.tokens), got none"
        )
    keys = {name: f"{section}.tokens.{name}" for name in (*_TOKENS, "cached")}
    for name in (*_LENGTHS, "cached"):
        if tokens[name] is None:
            keys[name] = f"cost.tokens.{name}"
    for name in _TOKENS:
        at, own = keys[name].split(".")[0], keys[name]
        if config[at]["tokens"][name] is None:
            raise ValueError(f"{own}: need a number besides {section}.tokens.{given[0]}, got none")
    numbers = [checked.number(config, keys[name], 0, _DEAREST) for name in _TOKENS]
    return of_tokens(*numbers, checked.number(config, keys["cached"], 0, 1))


def _most(config, sequential):
    """Most attempts at a problem, by attempts.max and by the time there is."""
    most, latency = checked.number(config, "attempts.max", 1, 1e12, whole=True), config["latency"]
    slots = checked.number(config, "latency.slots", 1, 10**9, whole=True)
    if sequential and slots > 1:
        raise ValueError(f"latency.slots: need 1 for paid=sequential, one attempt after the other, got {slots}")
    if latency["limit"] is None:
        return most
    limit = checked.number(config, "latency.limit", 1e-9, 1e12)
    if latency["seconds"] is None:
        raise ValueError(f"latency.seconds: need the seconds of an attempt for latency.limit={limit:g}, got none")
    seconds = checked.number(config, "latency.seconds", 1e-9, 1e9)
    if exceeds(seconds, limit):
        raise ValueError(f"latency.limit: need time for an attempt, latency.seconds={seconds:g}, got {limit:g}")
    return min(most, within(limit, seconds, slots))


def of_rival(config, prices):
    """Prices of the second model, None where there is none.  prices: of the first one."""
    path, own = config["against"]["path"], config["against"]
    if path is None:
        given = {"price": own["price"], **{f"tokens.{name}": value for name, value in own["tokens"].items()}}
        for name, value in given.items():
            if value is not None:
                raise ValueError(f"against: need the pilot of the second model for against.{name}={value}, got none")
        return None
    first, later = _price(config, "against")
    verified, fixed = config["cost"]["verification"], config["cost"]["fixed"]
    _check_costs("against.price", later + verified)
    return prices._replace(each=later + verified, setup=float(fixed + (first - later)))
