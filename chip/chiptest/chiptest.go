// Package chiptest is the suite that makes something a chip: every operator
// over ordinary and edge sizes, compared with plain float64 references.
package chiptest

import (
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/macaw-ai/macaw/chip"
)

// Run tests the devices that open returns. An operator that a device does not
// support is skipped, visibly.
func Run(t *testing.T, open func() chip.Device) {
	dev := open()
	if c, ok := dev.(interface{ Close() }); ok {
		defer c.Close()
	}
	for _, g := range groups() {
		t.Run(g.name, func(t *testing.T) {
			for i := range g.rows {
				t.Run(g.rows[i].String(), func(t *testing.T) { g.rows[i].run(t, dev) })
			}
		})
	}
	t.Run("faults", func(t *testing.T) { runFaults(t, dev) })
}

// group is the rows of related operators.
type group struct {
	name string
	rows []row
}

// groups are made once, so that the references serve every device of a test.
var groups = sync.OnceValue(func() []group {
	return []group{
		{"gemm", gemmRows()}, {"conv", convRows()}, {"int8", int8Rows()}, {"pool", poolRows()}, {"reduce", reduceRows()},
		{"row", rowRows()}, {"norm", normRows()}, {"move", moveRows()}, {"make", makeRows()},
		{"update", updateRows()}, {"map", mapRows()}, {"bfloat", bfloatRows()}, {"insert", insertRows()}, {"cumsum", cumSumRows()}, {"recurrent", recurrentRows()}, {"attention", attentionRows()},
	}
})

// row is one operator on given values.
type row struct {
	name  string // empty for the operator's own
	op    chip.Op
	ins   []array
	outs  []array     // their types and shapes; with Accumulate what they hold
	share map[int]int // output -> argument that it shares storage with
	tol   float64     // 0 means exact
	want  []array     // the reference, once it is known
}

func (r row) String() string {
	s := r.op.Name()
	if r.name != "" {
		s += "/" + r.name
	}
	for _, in := range r.ins {
		s += fmt.Sprintf("%v", in.shape)
	}
	return s
}

// run compiles the operator alone and compares its outputs with the reference.
func (r *row) run(t *testing.T, dev chip.Device) {
	p, in, out, vars := r.program()
	if !dev.Supports(r.op, p.Ins(0), p.OutsOf(0)) {
		t.Skipf("the device does not support %s on these values", r.op.Name())
	}
	if r.want == nil {
		r.want = r.reference()
	}
	want := r.want
	x, err := dev.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	bufs := func(as []array) (bs []chip.Buffer) {
		for _, a := range as {
			b, err := dev.NewBuffer(a.dt, len(a.v))
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Write(a.host()); err != nil {
				t.Fatal(err)
			}
			bs = append(bs, b)
		}
		return bs
	}
	ins, outs, variables := bufs(in), bufs(out), bufs(vars)
	if err := x.Run(ins, outs, variables); err != nil {
		t.Fatal(err)
	}
	for i, id := range p.Instrs[0].Outs {
		v := p.Values[id]
		b := outs
		if v.Kind == chip.Variable {
			b = variables
		}
		got := want[i].empty()
		host := got.host()
		if err := b[v.Index].Read(host); err != nil {
			t.Fatal(err)
		}
		got.take(host)
		compare(t, i, got, want[i], r.tol)
	}
}

// program holds one instruction: arguments are inputs, or variables where an
// output shares their storage.
func (r row) program() (p *chip.Program, in, out, vars []array) {
	p = &chip.Program{}
	shared := map[int]int{}
	for _, arg := range r.share {
		shared[arg] = -1
	}
	var args, outs []int
	add := func(a array, kind chip.Kind, index int) int {
		p.Values = append(p.Values, chip.Value{DType: a.dt, Shape: a.shape, Kind: kind, Index: index})
		return len(p.Values) - 1
	}
	for i, a := range r.ins {
		if _, ok := shared[i]; ok {
			shared[i] = len(vars)
			args = append(args, add(a, chip.Variable, len(vars)))
			vars = append(vars, a)
			p.Variables = append(p.Variables, chip.Slot{DType: a.dt, Shape: a.shape})
			continue
		}
		args = append(args, add(a, chip.Input, len(in)))
		in = append(in, a)
		p.Inputs = append(p.Inputs, chip.Slot{DType: a.dt, Shape: a.shape})
	}
	for i, a := range r.outs {
		if arg, ok := r.share[i]; ok {
			outs = append(outs, add(a, chip.Variable, shared[arg]))
			continue
		}
		outs = append(outs, add(a, chip.Output, len(out)))
		out = append(out, a)
		p.Outputs = append(p.Outputs, chip.Slot{DType: a.dt, Shape: a.shape})
	}
	p.Instrs = []chip.Instr{{Op: r.op, Args: args, Outs: outs, Label: r.name}}
	return p, in, out, vars
}

// compare reports the worst element that is off by more than tol, relative to
// the larger of 1 and the wanted value.
func compare(t *testing.T, output int, got, want array, tol float64) {
	t.Helper()
	worst, at := 0.0, -1
	for i, w := range want.v {
		g := got.v[i]
		if g == w || (math.IsNaN(g) && math.IsNaN(w)) {
			continue
		}
		d := math.Abs(g-w) / max(1, math.Abs(w))
		if math.IsNaN(d) {
			d = math.Inf(1)
		}
		if d > tol && d > worst {
			worst, at = d, i
		}
	}
	if at >= 0 {
		t.Errorf("output %d %v at %d: got %v, want %v (off by %.3g, allowed %.3g)", output, want.shape, at, got.v[at], want.v[at], worst, tol)
	}
}
