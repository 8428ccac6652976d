"""A bank whose transfers, when they are interrupted and repeated, create money."""

from __future__ import annotations

from fuzzverse import sdk

ACCOUNTS = 3
STEPS = 40


class Bank:
    def __init__(self) -> None:
        self.balances = [100] * ACCOUNTS
        self.pending: tuple[int, int, int] | None = None
        self.crashes = 0

    def transfer(self, giver: int, taker: int, amount: int) -> None:
        if self.balances[giver] < amount:
            return
        self.pending = (giver, taker, amount)
        self.balances[taker] += amount
        if sdk.chance(1, 16):
            self.crashes += 1
            sdk.log("crashed between %d and %d", giver, taker)
            return
        self.balances[giver] -= amount
        self.pending = None

    def recover(self) -> None:
        if self.pending is None:
            return
        giver, _taker, amount = self.pending
        if self.crashes < 3:  # the bug: the third crash is not recovered from
            self.balances[giver] -= amount
        self.pending = None


def target() -> None:
    bank = Bank()
    for step in range(STEPS):
        giver = sdk.below(ACCOUNTS)
        bank.transfer(giver, sdk.pick("taker", range(ACCOUNTS)), sdk.between(1, 20))
        bank.recover()
        sdk.sometimes_each("crashes", {"count": bank.crashes}, {"early": -step})
        sdk.sometimes(bank.crashes == 2, "two crashes")
        sdk.always(sum(bank.balances) == 100 * ACCOUNTS, "no money appears")
