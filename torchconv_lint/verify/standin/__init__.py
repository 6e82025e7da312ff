"""An accelerator simulated on the CPU, so that device rules are executed where there is no GPU.

Its tensors are real PyTorch tensors of a device of their own (PrivateUse1): they refuse `.numpy()` with PyTorch's own
TypeError, run modules, backward and optimisers, refuse to be mixed with CPU tensors, and every transfer to the host is
counted. `program.Simulated` runs programs that say "cuda" on it.

Copies that are not waited for arrive as late as they may (see late.py): one possible order of events, not chance.

Not modelled: streams, `torch.cuda.FloatTensor`, autocast for "cuda", operations that resize their output, sparse
tensors, and speed. What is seen here is never presented as seen on CUDA.

It rests on an experimental interface of PyTorch 2.9 and later:
https://github.com/pytorch/pytorch/blob/main/torch/utils/backend_registration.py
"""

NAME = "standin"
"""How PyTorch names the device in its messages."""
