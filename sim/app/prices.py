"""What recommend is told of money, verifier and time: conf/recommend.yaml to prices, or one sentence."""

from sim.app import pilots
from sim.optimum.prices import Prices, of_tokens, within

_TOKENS = ("prompt_price", "completion_price", "prompt", "completion")
_CHEAPEST, _DEAREST = 1e-12, 1e12


def of_model(config):
    """Prices of an attempt and of answers."""
    first, later = _price(config)
    checked = pilots.number(config, "cost.verification", 0, _DEAREST)
    fixed = pilots.number(config, "cost.fixed", 0, _DEAREST)
    accepted, rejected = (pilots.number(config, f"verifier.false_{name}", 0, 1) for name in ("accept", "reject"))
    if not accepted < 1 - rejected:
        raise ValueError(
            f"verifier: need a right attempt to be accepted more often than a wrong one, got "
            f"false_accept={accepted:g} and 1 - false_reject={1 - rejected:g}"
        )
    _check_costs("cost", later + checked)
    sequential = pilots.one_of(config, "paid", ("parallel", "sequential")) == "sequential"
    value = pilots.number(config, "cost.value", _CHEAPEST, _DEAREST)
    wrong = pilots.number(config, "cost.wrong", 0, _DEAREST)
    most = _most(config, sequential)
    return Prices(value, later + checked, wrong, fixed + first - later, accepted, rejected, sequential, most)


def _check_costs(key, price):
    if price < _CHEAPEST:
        raise ValueError(f"{key}: need attempts that cost at least {_CHEAPEST:g}, got a price of {price:g}")


def _price(config):
    """Price of the first attempt at a problem, and of the later ones."""
    price, tokens = config["cost"]["price"], config["cost"]["tokens"]
    given = [name for name in _TOKENS if tokens[name] is not None]
    if price is not None and given:
        raise ValueError(f"cost.price: need the price of an attempt or those of tokens, got both ({given[0]} too)")
    if price is not None:
        return (pilots.number(config, "cost.price", 0, _DEAREST),) * 2
    if not given:
        raise ValueError("cost.price: need the price of an attempt, or those of tokens (cost.tokens), got none")
    for name in _TOKENS:
        if tokens[name] is None:
            raise ValueError(f"cost.tokens.{name}: need a number besides cost.tokens.{given[0]}, got none")
    numbers = [pilots.number(config, f"cost.tokens.{name}", 0, _DEAREST) for name in _TOKENS]
    return of_tokens(*numbers, pilots.number(config, "cost.tokens.cached", 0, 1))


def _most(config, sequential):
    """Most attempts at a problem, by attempts.max and by the time there is."""
    most, latency = pilots.number(config, "attempts.max", 1, 1e12, whole=True), config["latency"]
    slots = pilots.number(config, "latency.slots", 1, 10**9, whole=True)
    if sequential and slots > 1:
        raise ValueError(f"latency.slots: need 1 for paid=sequential, one attempt after the other, got {slots}")
    if latency["limit"] is None:
        return most
    limit = pilots.number(config, "latency.limit", 1e-9, 1e12)
    if latency["seconds"] is None:
        raise ValueError(f"latency.seconds: need the seconds of an attempt for latency.limit={limit:g}, got none")
    seconds = pilots.number(config, "latency.seconds", 1e-9, 1e9)
    if limit < seconds:
        raise ValueError(f"latency.limit: need time for an attempt, latency.seconds={seconds:g}, got {limit:g}")
    return min(most, within(limit, seconds, slots))


def of_rival(config, prices):
    """Prices of the second model, None where there is none.  prices: of the first one."""
    path, price = config["against"]["path"], config["against"]["price"]
    if path is None and price is not None:
        raise ValueError(f"against: need the pilot of the second model for against.price={price}, got none")
    if path is None:
        return None
    if price is None:
        raise ValueError(
            f"against.price: need the price of an attempt of the second model for against={path}, got none"
        )
    checked, fixed = config["cost"]["verification"], config["cost"]["fixed"]
    each = pilots.number(config, "against.price", 0, _DEAREST) + checked
    _check_costs("against.price", each)
    return prices._replace(each=each, setup=float(fixed))
