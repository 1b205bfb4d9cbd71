PARTS = {}


def ablation(*_): ...
