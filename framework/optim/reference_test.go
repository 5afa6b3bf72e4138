package optim_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// array is a variable of a reference optimiser, [rows, cols], with its state.
type array struct {
	w, curve   []float64 // the loss is Σ curve·w²/2
	rows, cols int
	slots      map[string][]float64
}

func (a *array) slot(name string) []float64 {
	if a.slots[name] == nil {
		a.slots[name] = make([]float64, len(a.w))
	}
	return a.slots[name]
}

func norm(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v * v
	}
	return math.Sqrt(s)
}

// ema moves every element of a towards x by 1-beta.
func ema(a, x []float64, beta float64) {
	for i := range a {
		a[i] = beta*a[i] + (1-beta)*x[i]
	}
}

func square(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = v * v
	}
	return y
}

// product is x·y for x [n,k] and y [k,m].
func product(x, y []float64, n, k, m int) []float64 {
	z := make([]float64, n*m)
	for i := range n {
		for j := range m {
			for l := range k {
				z[i*m+j] += x[i*k+l] * y[l*m+j]
			}
		}
	}
	return z
}

func transposed(x []float64, n, m int) []float64 {
	y := make([]float64, n*m)
	for i := range n {
		for j := range m {
			y[j*n+i] = x[i*m+j]
		}
	}
	return y
}

// newtonSchulz follows the post on Muon: x is made wide first.
func newtonSchulz(x []float64, n, m int) []float64 {
	if n > m {
		return transposed(newtonSchulz(transposed(x, n, m), m, n), m, n)
	}
	y, size := make([]float64, len(x)), norm(x)+1e-7
	for i := range x {
		y[i] = x[i] / size
	}
	for range 5 {
		a := product(y, transposed(y, n, m), n, m, n)
		aa := product(a, a, n, n, n)
		for i := range a {
			a[i] = -4.7750*a[i] + 2.0315*aa[i]
		}
		b := product(a, y, n, n, m)
		for i := range y {
			y[i] = 3.4445*y[i] + b[i]
		}
	}
	return y
}

// adam is the direction m̂/(sqrt(v̂)+eps).
func (a *array) adam(g []float64, t int, eps float64, amsgrad bool) []float64 {
	m, v := a.slot("m"), a.slot("v")
	ema(m, g, 0.9)
	ema(v, square(g), 0.999)
	if amsgrad {
		largest := a.slot("vmax")
		for i := range v {
			largest[i] = max(largest[i], v[i])
		}
		v = largest
	}
	u := make([]float64, len(g))
	for i := range u {
		u[i] = m[i] / (1 - math.Pow(0.9, float64(t))) / (math.Sqrt(v[i]/(1-math.Pow(0.999, float64(t)))) + eps)
	}
	return u
}

// adafactor is Û of algorithm 4 with sums, as the paper writes it.
func (a *array) adafactor(g []float64, t int) []float64 {
	beta, u, q := 1-math.Pow(float64(t), -0.8), make([]float64, len(g)), square(g)
	if a.rows == 1 {
		ema(a.slot("v"), q, beta)
		for i := range u {
			u[i] = g[i] / math.Sqrt(a.slot("v")[i])
		}
	} else {
		r, c := make([]float64, a.rows), make([]float64, a.cols)
		for i, v := range q {
			r[i/a.cols] += v + 1e-30
			c[i%a.cols] += v + 1e-30
		}
		rows, cols := a.slot("r")[:a.rows], a.slot("c")[:a.cols]
		ema(rows, r, beta)
		ema(cols, c, beta)
		total := 0.0
		for _, v := range rows {
			total += v
		}
		for i := range u {
			u[i] = g[i] / math.Sqrt(rows[i/a.cols]*cols[i%a.cols]/total)
		}
	}
	over := max(1, norm(u)/math.Sqrt(float64(len(u))))
	for i := range u {
		u[i] /= over
	}
	return u
}

func (a *array) rms() float64 { return norm(a.w) / math.Sqrt(float64(len(a.w))) }

// along subtracts lr·(u + decay·w).
func (a *array) along(u []float64, lr, decay float64) {
	for i := range a.w {
		a.w[i] -= lr * (u[i] + decay*a.w[i])
	}
}

// coupled adds decay·w to g.
func (a *array) coupled(g []float64, decay float64) []float64 {
	for i := range g {
		g[i] += decay * a.w[i]
	}
	return g
}

type referenceCase struct {
	rule optim.Rule
	o    optim.Options
	step func(a *array, g []float64, t int, lr, decay float64) // decay is 0.1 or, for vectors, 0
}

func rmsprop(centered bool, momentum float64) func(a *array, g []float64, t int, lr, decay float64) {
	return func(a *array, g []float64, t int, lr, decay float64) {
		g = a.coupled(g, decay)
		ema(a.slot("v"), square(g), 0.9)
		ema(a.slot("mean"), g, 0.9)
		for i, d := range g {
			v := a.slot("v")[i]
			if centered {
				v -= a.slot("mean")[i] * a.slot("mean")[i]
			}
			a.slot("b")[i] = momentum*a.slot("b")[i] + d/(math.Sqrt(v)+1e-8)
		}
		a.along(a.slot("b"), lr, 0)
	}
}

func muon(scale func(n, m float64) float64, nesterov bool) func(a *array, g []float64, t int, lr, decay float64) {
	return func(a *array, g []float64, t int, lr, decay float64) {
		if a.rows == 1 {
			a.along(a.adam(g, t, 1e-8, false), lr/2, 0)
			return
		}
		m := a.slot("muon")
		ema(m, g, 0.95)
		u := append([]float64(nil), m...)
		if nesterov {
			for i := range u {
				u[i] = 0.05*g[i] + 0.95*m[i]
			}
		}
		u = newtonSchulz(u, a.rows, a.cols)
		for i := range u {
			u[i] *= scale(float64(a.rows), float64(a.cols))
		}
		a.along(u, lr, decay)
	}
}

var references = map[string]referenceCase{
	"adam": {rule: optim.Adam{WeightDecay: 0.1}, step: func(a *array, g []float64, t int, lr, decay float64) {
		a.along(a.adam(a.coupled(g, decay), t, 1e-8, false), lr, 0)
	}},
	"adam without decay": {rule: optim.Adam{}, step: func(a *array, g []float64, t int, lr, _ float64) {
		a.along(a.adam(g, t, 1e-8, false), lr, 0)
	}},
	"amsgrad": {rule: optim.Adam{AMSGrad: true}, step: func(a *array, g []float64, t int, lr, _ float64) {
		a.along(a.adam(g, t, 1e-8, true), lr, 0)
	}},
	"adamw": {rule: optim.AdamW{WeightDecay: 0.1}, step: func(a *array, g []float64, t int, lr, decay float64) {
		a.along(a.adam(g, t, 1e-8, false), lr, decay)
	}},
	"adamw amsgrad": {rule: optim.AdamW{WeightDecay: 0.1, AMSGrad: true}, step: func(a *array, g []float64, t int, lr, decay float64) {
		a.along(a.adam(g, t, 1e-8, true), lr, decay)
	}},
	"rmsprop":          {rule: optim.RMSProp{Alpha: 0.9, WeightDecay: 0.1}, step: rmsprop(false, 0)},
	"rmsprop centered": {rule: optim.RMSProp{Alpha: 0.9, WeightDecay: 0.1, Momentum: 0.8, Centered: true}, step: rmsprop(true, 0.8)},
	"adagrad": {rule: optim.Adagrad{WeightDecay: 0.1}, step: func(a *array, g []float64, t int, lr, decay float64) {
		g = a.coupled(g, decay)
		u := make([]float64, len(g))
		for i, d := range g {
			a.slot("v")[i] += d * d
			u[i] = d / (math.Sqrt(a.slot("v")[i]) + 1e-10)
		}
		a.along(u, lr, 0)
	}},
	"lamb": {rule: optim.LAMB{WeightDecay: 0.1}, step: func(a *array, g []float64, t int, lr, decay float64) {
		u := a.coupled(a.adam(g, t, 1e-6, false), decay)
		a.along(u, lr*norm(a.w)/norm(u), 0)
	}},
	"lion": {rule: optim.Lion{WeightDecay: 0.1}, step: func(a *array, g []float64, t int, lr, decay float64) {
		u := make([]float64, len(g))
		for i := range u {
			u[i] = math.Copysign(1, 0.9*a.slot("m")[i]+0.1*g[i])
		}
		ema(a.slot("m"), g, 0.99)
		a.along(u, lr, decay)
	}},
	"muon":       {rule: optim.Muon{WeightDecay: 0.1, RestLRScale: 0.5}, step: muon(func(n, m float64) float64 { return math.Sqrt(max(1, m/n)) }, true)},
	"muon heavy": {rule: optim.Muon{WeightDecay: 0.1, RestLRScale: 0.5, HeavyBall: true, MatchRMS: true}, step: muon(func(n, m float64) float64 { return 0.2 * math.Sqrt(max(n, m)) }, false)},
	"adafactor": {rule: optim.Adafactor{WeightDecay: 0.1}, step: func(a *array, g []float64, t int, lr, decay float64) {
		a.along(a.adafactor(g, t), lr*max(1e-3, a.rms()), decay)
	}},
	"adafactor relative": {rule: optim.Adafactor{Relative: true, Beta1: 0.9}, step: func(a *array, g []float64, t int, lr, _ float64) {
		ema(a.slot("m"), a.adafactor(g, t), 0.9)
		a.along(a.slot("m"), min(lr, 1/math.Sqrt(float64(t)))*max(1e-3, a.rms()), 0)
	}},
	"adafactor absolute": {rule: optim.Adafactor{Absolute: true}, step: func(a *array, g []float64, t int, lr, _ float64) {
		a.along(a.adafactor(g, t), lr, 0)
	}},
	"clipped by value": {rule: optim.SGD{}, o: optim.Options{ClipValue: 0.5}, step: func(a *array, g []float64, _ int, lr, _ float64) {
		for i := range g {
			g[i] = min(max(g[i], -0.5), 0.5)
		}
		a.along(g, lr, 0)
	}},
}

// TestReferences compares six steps of each rule on a tall matrix, a wide one
// and a vector with the papers' formulas in float64.
func TestReferences(t *testing.T) {
	for name, c := range references {
		t.Run(name, func(t *testing.T) {
			p := nn.NewParams(4)
			arrays := map[*graph.Variable]*array{}
			g := graph.New(graph.Train)
			lr := g.Input("lr", tensor.Float32, graph.Const(1))
			loss := graph.Scalar(g, 0)
			for i, dims := range [][]int{{4, 3}, {3, 5}, {6}} {
				v := p.Weight(string(rune('a'+i)), nn.Normal(1), dims...)
				a := &array{rows: 1, cols: v.Len(), slots: map[string][]float64{}}
				if len(dims) == 2 {
					a.rows, a.cols = dims[0], dims[1]
				}
				curve := tensor.New(tensor.Float32, dims...)
				for j, w := range v.Value().Float32s() {
					curve.Float32s()[j] = 0.2 + float32((7*j)%5)/2
					a.w, a.curve = append(a.w, float64(w)), append(a.curve, float64(curve.Float32s()[j]))
				}
				arrays[v] = a
				loss = graph.Add(loss, graph.MulScalar(graph.Sum(graph.Mul(g.Const(curve), graph.Square(g.Var(v)))), 0.5))
			}
			optim.Apply(loss, p, c.rule, lr, c.o)
			e, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: []*graph.Node{lr}, Outputs: []*graph.Node{loss}})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			for step := 1; step <= 6; step++ {
				rate := 0.3 / float64(step)
				if _, err := e.Run(tensor.Of([]float32{float32(rate)}, 1)); err != nil {
					t.Fatal(err)
				}
				for v, a := range arrays {
					grad := make([]float64, len(a.w))
					for i := range grad {
						grad[i] = a.curve[i] * a.w[i]
					}
					decay := 0.1
					if a.rows == 1 {
						decay = 0
					}
					c.step(a, grad, step, rate, decay)
					for i, got := range v.Value().Float32s() {
						if math.Abs(float64(got)-a.w[i]) > 2e-4*(0.1+math.Abs(a.w[i])) {
							t.Fatalf("step %d: %s[%d] is %v, want %v", step, v.Name(), i, got, a.w[i])
						}
					}
				}
			}
		})
	}
}

// TestNewtonSchulzOrthogonalises: Muon's step brings all singular values near
// 1, so the columns of a tall momentum come out about orthonormal.
func TestNewtonSchulzOrthogonalises(t *testing.T) {
	p := nn.NewParams(2)
	w := p.Weight("w", nn.Zeros, 8, 3)
	slope := tensor.New(tensor.Float32, 8, 3)
	nn.Normal(1)(slope.Float32s(), nil, rand.New(rand.NewPCG(1, 2)))
	g := graph.New(graph.Train)
	lr := g.Input("lr", tensor.Float32, graph.Const(1))
	optim.Apply(graph.Sum(graph.Mul(g.Var(w), g.Const(slope))), p, optim.Muon{}, lr, optim.Options{})
	e, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: []*graph.Node{lr}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Run(tensor.Of([]float32{1}, 1)); err != nil {
		t.Fatal(err)
	}
	u := w.Value().Float32s()
	for i := range 3 {
		for j := range i + 1 {
			dot := 0.0
			for r := range 8 {
				dot += float64(u[3*r+i] * u[3*r+j])
			}
			if i == j && (dot < 0.4 || dot > 1.6) || i != j && math.Abs(dot) > 0.35 {
				t.Errorf("columns %d and %d have the product %v", i, j, dot)
			}
		}
	}
}
