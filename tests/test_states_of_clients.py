"""States of modules that are kept in a loop: of each of several in turn, or of one that goes on training."""

from __future__ import annotations

import pytest
from snippets import codes_shown

HEAD = """\
import numpy as np


class Client:
    def fit(self):
        for images in self.loader:
            seen = self.model(images).detach()
            self.optimizer.step()


"""

ROUNDS = """\
def rounds(number, chosen):
    clients = []
    for _ in range(number):
        clients.append(Client())
    for round in range(3):
        states = []
        for index in np.random.permutation(len(clients)):
            clients[{which}].fit()
            states.append(clients[{which}].model.state_dict())
        save(states)
"""


@pytest.mark.parametrize(("which", "told"), [("index", []), ("chosen", ["CNV203"])])
def test_each_client_has_a_model_of_its_own(which: str, told: list[str]) -> None:
    """What a loop picks by its index is another module in each round."""
    assert codes_shown(ROUNDS.format(which=which), HEAD) == told


STATES = """
import torch
from elsewhere import Keeper

def capture(trainer, sample, net):
    {0} = Keeper()
    saved = {0}.state_dict()
    for _ in range(3):
        net(sample).sum().backward()
        trainer.optimizer.step()
    {0}.load_state_dict(saved)
"""


@pytest.mark.parametrize(("name", "codes"), [("kept_net", ["CNV203"]), ("rng", []), ("sampler", []), ("scaler", [])])
def test_random_numbers_and_samplers_have_states_too(name: str, codes: list[str]) -> None:
    assert codes_shown(STATES.format(name), "") == codes
