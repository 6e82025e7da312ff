"""How careful code does what the rules are about: with all rules of a family asked for, none of it is reported."""

from __future__ import annotations

import pytest
from snippets import reported

IDIOMS = {
    "CNV302": [
        "a = np.frombuffer(raw, dtype='>f4')\ntorch.from_numpy(a.byteswap().view(a.dtype.newbyteorder('=')))",
        "a = np.frombuffer(raw, dtype='>f4')\ntorch.from_numpy(a.view(a.dtype.newbyteorder('=')).byteswap())",
        "a = np.frombuffer(raw, dtype='>f4')\na = a.byteswap().newbyteorder()\ntorch.from_numpy(a)",
        "torch.from_numpy(np.frombuffer(raw, dtype='>i2').astype(np.int16))",
        "n = int(np.frombuffer(raw, dtype='>i4')[0])\ntorch.zeros(n)",
    ],
    "CNV104": [
        "s = torch.eye(3).to_sparse()\ns.values().numpy(), s.indices().numpy(), s.to_dense().numpy()",
        "s = torch.eye(3).to_sparse()\ntorch.sparse.mm(s, torch.ones(3, 2)).numpy()",
        "s = torch.eye(3).to_sparse()\ntorch.sparse.sum(s, dim=1).to_dense().numpy()",
        "s = torch.eye(3).to_sparse()\nif s.is_sparse:\n    s = s.to_dense()\ns.numpy()",
    ],
    "CNV105": [
        "z = torch.fft.rfft(torch.ones(4))\n(z * z.conj()).real.numpy(), z.conj().abs().numpy()",
        "z = torch.fft.fft(torch.ones(4))\ntorch.fft.ifft(z.conj()).numpy(), z.conj().resolve_conj().numpy()",
        "u, s, vh = torch.linalg.svd(torch.ones(3, 3) + 1j)\nvh.mH.resolve_conj().numpy()",
    ],
    "CNV106": [
        "q = torch.quantize_per_tensor(x, 0.1, 0, torch.quint8)\nq.dequantize().numpy(), q.int_repr().numpy()",
        "torch.fake_quantize_per_tensor_affine(torch.ones(3), 0.1, 0, 0, 255).numpy()",
    ],
    "CNV307": [
        "x = torch.empty(3, 2)\nx[..., 0] = 0\nx[..., 1].fill_(3)\nx * 2",
        "x = torch.empty(3)\nfill(x)\nx * 2",
        "x = torch.empty(3)\nlibrary.run(x.data_ptr(), 3)\nx * 2",
        "parts = [torch.empty(3) for _ in range(4)]\ntorch.distributed.all_gather(parts, x)\ntorch.cat(parts) * 2",
        "x = torch.empty(3)\ntorch.cumsum(y, 0, out=x)\nx + 1",
    ],
    "CNV321": [
        "mask = torch.zeros(3, dtype=torch.uint8)\n~mask.bool(), 1 - mask, mask == 0",
        "mask = torch.from_numpy(np.zeros(3, dtype=np.uint8)) > 0\n~mask",
    ],
    "CNV322": [
        "pixels = torch.zeros(3, dtype=torch.uint8)\npixels.float() - 127.5, 255 - pixels, pixels - 0.5",
        "pixels = torch.zeros(3, dtype=torch.uint8)\npixels.sum() - 1, pixels.to(torch.int16) - 128",
    ],
    "CNV412": [
        "losses = {'a': torch.tensor(1.0), 'b': torch.tensor(0.5)}\nmin(losses, key=losses.get)",
        "scores = torch.rand(5)\nsorted(range(5), key=lambda i: scores[i]), max(scores.tolist()), max(scores.shape)",
    ],
    "CNV413": [
        "scores = torch.rand(5)\nround(scores.mean().item(), 3), round(float(scores.std()), 2), torch.round(scores)"
    ],
    "CNV611": [
        "h = x.cuda().to('cpu', non_blocking=True)\ntorch.cuda.synchronize()\nh.numpy()",
        "h = [x.cuda().to('cpu', non_blocking=True) for x in xs]\ntorch.cuda.synchronize()\ntorch.cat(h)",
    ],
    "CNV612": [
        "for x in xs:\n    held = torch.tensor(x).pin_memory()\n    use(held.to('cuda', non_blocking=True))",
        "held = torch.empty(3).pin_memory()\nfor x in xs:\n"
        "    held.copy_(x)\n    use(held.to('cuda', non_blocking=True))"
        "\n    torch.cuda.synchronize()",
    ],
    "CNV703": [
        "scale = torch.ones(3).max().item()\ntorch.vmap(lambda x: x * scale)(xs)",
        "def f(x):\n    return x.sum() if x.shape[0] > 3 else x.mean()\n[one.item() for one in torch.vmap(f)(xs)]",
    ],
    "CNV705": [
        "@torch.jit.script\ndef f(x: torch.Tensor) -> int:\n    return int(x.sum()) if bool(x.any()) else x.size(0)",
        "@torch.jit.ignore\ndef f(x):\n    return torch.from_numpy(x.numpy())",
    ],
    "CNV706": [
        "class Net(nn.Module):\n    def forward(self, x):\n        if not torch.compiler.is_compiling():\n"
        "            print(x.sum().item())\n        return x\ntorch.export.export(Net(), (torch.ones(2),))",
    ],
    "CNV709": [
        "def f(p):\n    return (p * p).sum()\ng, v = torch.func.grad_and_value(f)(torch.ones(3))\ng.numpy(), v.item()",
        "n = torch.ones(1).item()\ntorch.func.grad(lambda x: (x**n).sum())(torch.ones(3))",
    ],
}


@pytest.mark.parametrize(("code", "idiom"), [(code, idiom) for code, idioms in IDIOMS.items() for idiom in idioms])
def test_it_is_not_reported(code: str, idiom: str) -> None:
    assert code not in reported(idiom, code)
