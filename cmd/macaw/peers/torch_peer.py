"""PyTorch's side of `macaw bench peers`.

Reads one JSON request a line and answers each with a line:

    {"open": "train resnet18"}   prepares the work and runs it a few times -> {}
    {"seconds": 0.5}             repeats it -> {"median": s, "least": s, "runs": n}
    {"memory": true}             -> {"base": bytes before the model, "peak": bytes}
    {"export": "folder"}         writes the networks as ONNX files -> {}

The first line that it writes says which versions are in use.
"""
import json
import os
import statistics
import sys
import time

threads = int(sys.argv[1])
for var in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # read when the libraries are loaded
    os.environ[var] = str(threads)

try:
    import torch
    from torch import nn
    import torch.nn.functional as F
except ImportError as e:
    print(json.dumps({"error": str(e)}), flush=True)
    sys.exit(1)

torch.set_num_threads(threads)
torch.manual_seed(0)


class Block(nn.Module):
    """A residual block of He et al. 2016."""

    def __init__(self, cin, cout, stride):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout), nn.ReLU(),
            nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout))
        self.short = nn.Identity() if stride == 1 and cin == cout else nn.Sequential(
            nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        return F.relu(self.main(x) + self.short(x))


def resnet18():
    parts = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    widths = [64, 64, 128, 256, 512]
    for stage in range(4):
        parts += [Block(widths[stage], widths[stage + 1], 1 if stage == 0 else 2),
                  Block(widths[stage + 1], widths[stage + 1], 1)]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


class Decoder(nn.Module):
    """The blocks of Radford et al. 2019: 6 layers, width 384, 6 heads, 256 tokens."""

    def __init__(self, vocab=256, length=256, width=384, heads=6, layers=6):
        super().__init__()
        self.heads = heads
        self.tokens = nn.Embedding(vocab, width)
        self.positions = nn.Parameter(torch.randn(length, width) * 0.02)
        self.register_buffer("mask", torch.full((length, length), float("-inf")).triu(1), persistent=False)
        self.layers = nn.ModuleList(nn.ModuleDict({
            "norm1": nn.LayerNorm(width), "qkv": nn.Linear(width, 3 * width), "out": nn.Linear(width, width),
            "norm2": nn.LayerNorm(width), "up": nn.Linear(width, 4 * width), "down": nn.Linear(4 * width, width),
        }) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocab, bias=False)

    def attend(self, layer, x):
        n, t, width = x.shape
        q, k, v = (z.view(n, t, self.heads, -1).transpose(1, 2) for z in layer["qkv"](x).split(width, 2))
        scores = q @ k.transpose(2, 3) * (width // self.heads) ** -0.5 + self.mask[:t, :t]
        return layer["out"]((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, width))

    def forward(self, ids):
        x = self.tokens(ids) + self.positions[:ids.shape[1]]
        for layer in self.layers:
            x = x + self.attend(layer, layer["norm1"](x))
            x = x + layer["down"](F.gelu(layer["up"](layer["norm2"](x))))
        return self.head(self.norm(x))


def mlp():
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


# name: (network, batch of a training step, shape of a sample)
NETS = {"mlp": (mlp, 128, (784,)), "lenet": (lenet, 64, (1, 28, 28)), "resnet18": (resnet18, 64, (3, 32, 32)),
        "gpt": (Decoder, 8, (256,))}


def sample(name, batch):
    shape = NETS[name][2]
    if name == "gpt":
        return torch.randint(0, 256, (batch, *shape)), torch.randint(0, 256, (batch, *shape))
    return torch.randn(batch, *shape), torch.randint(0, 10, (batch,))


def train(name):
    make, batch, _ = NETS[name]
    net = make().train()
    x, y = sample(name, batch)
    rule = torch.optim.AdamW(net.parameters(), 3e-4) if name == "gpt" else torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)

    def step():
        rule.zero_grad(set_to_none=True)
        logits = net(x)
        F.cross_entropy(logits.view(-1, logits.shape[-1]), y.view(-1)).backward()
        rule.step()
    return step


def sgemm(n):
    n = int(n)
    a, b, c = torch.randn(n, n), torch.randn(n, n), torch.empty(n, n)
    return lambda: torch.mm(a, b, out=c)


def conv(kind, channels, side):
    channels, side = int(channels), int(side)
    x = torch.randn(32, channels, side, side, requires_grad=True)
    w = torch.randn(channels, channels, 3, 3, requires_grad=True)
    dy = torch.randn(32, channels, side, side)

    def forward():
        with torch.no_grad():
            F.conv2d(x, w, padding=1)

    def both():
        x.grad = w.grad = None
        F.conv2d(x, w, padding=1).backward(dy)
    return forward if kind == "forward" else both


def rows(kind):
    x, g, b = torch.randn(4096, 1024), torch.ones(1024), torch.zeros(1024)
    f = {"softmax": lambda: F.softmax(x, -1), "layernorm": lambda: F.layer_norm(x, (1024,), g, b), "gelu": lambda: F.gelu(x)}[kind]

    def run():
        with torch.no_grad():
            f()
    return run


def adamw(n):
    p = nn.Parameter(torch.randn(int(n)))
    p.grad = torch.randn(int(n))
    return torch.optim.AdamW([p], lr=1e-3).step


WORK = {"train": train, "sgemm": sgemm, "conv": conv, "rows": rows, "adamw": adamw}


def export(folder):
    for name, (make, _, _) in NETS.items():
        torch.onnx.export(make().eval(), sample(name, 2)[0], os.path.join(folder, name + ".onnx"), opset_version=15,
                          input_names=["input"], output_names=["output"],
                          dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}})
    return {}


def blas():
    """The BLAS library in use as Debian names its folder: openblas-openmp, openblas-pthread, ..."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            path = line.split()[-1]
            if "libblas.so" in path or "libopenblas" in path:
                return os.path.basename(os.path.dirname(path))
    return "unknown"


def peak():
    """Bytes; ru_maxrss would count what the parent held when it started this process."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def measure(run, seconds):
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return {"median": statistics.median(times), "least": min(times), "runs": len(times)}


torch.mm(torch.ones(8, 8), torch.ones(8, 8))  # loads the BLAS
print(json.dumps({"name": "PyTorch", "version": torch.__version__, "blas": blas()}), flush=True)
run, base = None, peak()
for line in sys.stdin:
    request = json.loads(line)
    try:
        if "open" in request:
            kind, *args = request["open"].split()
            run = None  # frees what the work before needed
            run = WORK[kind](*args)
            for _ in range(3):
                run()
            answer = {}
        elif "seconds" in request:
            answer = measure(run, request["seconds"])
        elif "memory" in request:
            answer = {"base": base, "peak": peak()}
        else:
            answer = export(request["export"])
    except Exception as e:  # the other side decides what to do without this row
        answer = {"error": f"{type(e).__name__}: {e}"}
    print(json.dumps(answer), flush=True)
