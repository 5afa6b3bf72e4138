package onnx

import (
	"context"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// fallbacks gives the reasons why segments of s ran on the host.
func fallbacks(s *Session) (why []error) {
	for _, seg := range s.device {
		for _, p := range seg.plans {
			if p.why != nil {
				why = append(why, p.why)
			}
		}
	}
	return why
}

// TestLifters runs every case whose operator the device can run as a segment of
// its own and compares it with the host.
func TestLifters(t *testing.T) {
	onHost := 0
	total := 0
	for _, c := range allCases {
		if lifters[c.op] == nil {
			continue
		}
		m, feeds := c.model()
		was := heavy[c.op]
		heavy[c.op] = true
		s, err := NewSession(m, device)
		heavy[c.op] = was
		if err != nil {
			t.Fatal(err)
		}
		host, err := NewSession(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err := host.Run(context.Background(), feeds)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second run uses the plan of the first
			got, err := s.Run(context.Background(), feeds)
			if err != nil {
				t.Fatalf("%s %v: %v", c.op, c.attrs, err)
			}
			for name, w := range want {
				if diff := compare(got[name], w, 1e-4); diff != "" {
					t.Errorf("%s %v on %v: %s: %s", c.op, c.attrs, c.ins, name, diff)
				}
			}
		}
		if !c.host {
			total += len(s.device)
			for _, why := range fallbacks(s) {
				onHost++
				t.Logf("%s %v on %v: %v", c.op, c.attrs, c.ins, why)
			}
		}
		s.Close()
	}
	t.Logf("%d segments, %d of them on the host", total, onHost)
	if onHost > total/5 {
		t.Errorf("%d of %d segments fell back to the host", onHost, total)
	}
}

// TestSegmentAroundHostStep: a step that the graph cannot have runs on the host,
// what is around it stays on the device.
func TestSegmentAroundHostStep(t *testing.T) {
	b := NewBuilder("around")
	x := b.Input("x", tensor.Float32, "N", 2, "H", "W")
	conv := func(x string) string {
		return b.Op("Conv", Attrs{"pads": []int{1, 1, 1, 1}}, x, b.Const(normal(2, 2, 3, 3)))
	}
	half := func(x string) string { // rounds as the device does not
		return b.Op("Resize", Attrs{"mode": "nearest", "nearest_mode": "ceil"}, x, "", b.Const(floats(1, 1, 0.5, 0.5)))
	}
	b.Output("y", half(conv(half(conv(x)))), tensor.Float32)
	m := b.Model()
	m.Graph.Outputs[0].Type.Tensor.Shape = nil
	both(t, m, map[string]*tensor.Tensor{"x": normal(1, 2, 8, 8)}, 1e-4)
	s, err := NewSession(m, device)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Run(context.Background(), map[string]*tensor.Tensor{"x": normal(1, 2, 8, 8)}); err != nil {
		t.Fatal(err)
	}
	p := s.device[0].plans[0]
	if p.why == nil || len(p.parts) != 2 || p.parts[0].plans[0].exec == nil || p.parts[1].plans[0].rest == nil {
		t.Errorf("want both Resize on the host with a device segment before each, got %v in %d parts", p.why, len(p.parts))
	}
}

// TestFusedSteps: what the tokenizer and PrepareImage spell out in many nodes
// runs in few steps.
func TestFusedSteps(t *testing.T) {
	s, err := NewSession(tokenizerModel(), device)
	if err != nil {
		t.Fatal(err)
	}
	replaced := 0
	for _, st := range s.prog.steps {
		if st.call.node.OpType == "StringReplace" {
			replaced++
		}
	}
	if want := len([]rune(separators + marks)); replaced != want || len(s.prog.steps) > want+8 {
		t.Errorf("%d of %d replacements are fused; %d steps in all", replaced, want, len(s.prog.steps))
	}

	b := NewBuilder("image")
	x := PrepareImage(b, b.Input("image", tensor.Uint8, "N", "H", "W", 3), ImageOptions{Height: 8, Width: 8, Channels: 3})
	b.Output("x", x, tensor.Float32, "N", 8, 8, 3)
	if s, err = NewSession(b.Model(), device); err != nil {
		t.Fatal(err)
	}
	var ops []string
	for _, st := range s.prog.steps {
		ops = append(ops, st.call.node.OpType)
	}
	if !slices.Contains(ops, "PixelResize") || slices.Contains(ops, "Cast") {
		t.Errorf("the resizing of pixels is not fused: %v", ops)
	}
}

func TestExportedNetworksRunOnTheDevice(t *testing.T) {
	for _, n := range networks[:5] {
		m, _, _ := n.export(t)
		s, err := NewSession(m, device)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Run(context.Background(), map[string]*tensor.Tensor{"in0": n.inputs[0]}); err != nil {
			t.Fatal(err)
		}
		if len(s.device) != 1 || len(s.prog.steps) != 1 {
			t.Errorf("%s: %d segments and %d steps, want one of each", n.name, len(s.device), len(s.prog.steps))
		}
		if why := fallbacks(s); why != nil {
			t.Errorf("%s runs on the host: %v", n.name, why)
		}
		s.Close()
	}
}

// TestIntegersOfSizesStayInSegments: a scale that an exporter computes from the
// width, (C/6)^-0.5, neither cuts the network nor is left to be computed.
func TestIntegersOfSizesStayInSegments(t *testing.T) {
	b := NewBuilder("scale")
	x := b.Input("x", tensor.Float32, "N", 4, 24)
	y := b.Op("MatMul", nil, x, b.Const(tensor.New(tensor.Float32, 24, 24)))
	width := b.Op("Gather", nil, b.Op("Shape", nil, y), b.Const(tensor.Scalar(int64(2))))
	head := b.Op("Cast", Attrs{"to": tensor.Float32}, b.Op("Div", nil, width, b.Const(tensor.Scalar(int64(6)))))
	scaled := b.Op("Mul", nil, y, b.Op("Pow", nil, head, b.Float(-0.5)))
	b.Output("y", b.Op("MatMul", nil, scaled, b.Const(tensor.New(tensor.Float32, 24, 3))), tensor.Float32, "N", 4, 3)
	s, err := NewSession(b.Model(), device)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Run(context.Background(), map[string]*tensor.Tensor{"x": tensor.New(tensor.Float32, 2, 4, 24)}); err != nil {
		t.Fatal(err)
	}
	if len(s.device) != 1 || len(s.prog.steps) != 1 || fallbacks(s) != nil {
		t.Errorf("%d segments and %d steps, want one of each; %v", len(s.device), len(s.prog.steps), fallbacks(s))
	}
}
