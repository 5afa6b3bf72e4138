package nn

import (
	"fmt"
	"maps"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
)

// Layer maps one node to another.
type Layer interface {
	Forward(x *graph.Node) *graph.Node
}

// Func is a function as a Layer.
type Func func(x *graph.Node) *graph.Node

// Forward calls f.
func (f Func) Forward(x *graph.Node) *graph.Node { return f(x) }

// Sequential applies layers one after the other.
type Sequential []Layer

// Forward applies all layers.
func (s Sequential) Forward(x *graph.Node) *graph.Node {
	for _, l := range s {
		x = l.Forward(x)
	}
	return x
}

// Dropout is a layer of graph.Dropout with probability p.
func Dropout(p float32) Layer {
	return Func(func(x *graph.Node) *graph.Node { return graph.Dropout(x, p) })
}

// MaxPool is a layer of graph.MaxPool2D.
func MaxPool(o graph.PoolOptions) Layer {
	return Func(func(x *graph.Node) *graph.Node { return graph.MaxPool2D(x, o) })
}

// AvgPool is a layer of graph.AvgPool2D.
func AvgPool(o graph.PoolOptions) Layer {
	return Func(func(x *graph.Node) *graph.Node { return graph.AvgPool2D(x, o) })
}

// GlobalAvgPool averages height and width: [N,H,W,C] to [N,C].
var GlobalAvgPool Layer = Func(graph.GlobalAvgPool)

// Flatten joins all axes but the first.
var Flatten Layer = Func(func(x *graph.Node) *graph.Node { return graph.Flatten(x, 1) })

var activations = map[string]func(*graph.Node) *graph.Node{
	"identity": func(x *graph.Node) *graph.Node { return x },
	"relu":     graph.Relu,
	"gelu":     graph.GELU,
	"silu":     graph.SiLU,
	"tanh":     graph.Tanh,
	"sigmoid":  graph.Sigmoid,
	"softplus": graph.Softplus,
	"leaky":    func(x *graph.Node) *graph.Node { return graph.LeakyRelu(x, 0.01) },

	"celu":         func(x *graph.Node) *graph.Node { return graph.CELU(x, 1) },
	"elu":          func(x *graph.Node) *graph.Node { return graph.ELU(x, 1) },
	"gelu_tanh":    graph.GELUTanh,
	"glu":          func(x *graph.Node) *graph.Node { return graph.GLU(x, -1) },
	"hard_sigmoid": graph.HardSigmoid,
	"hard_swish":   graph.HardSwish,
	"hard_tanh":    graph.Hardtanh,
	"log_sigmoid":  graph.LogSigmoid,
	"mish":         graph.Mish,
	"relu6":        graph.Relu6,
	"selu":         graph.SELU,
	"softsign":     graph.Softsign,
}

// Activations returns the names that Activation knows, sorted.
func Activations() []string { return slices.Sorted(maps.Keys(activations)) }

// Activation returns the named function as a layer; the error lists the names.
// All are elementwise but "glu", which halves the last axis.
func Activation(name string) (Layer, error) {
	f := activations[name]
	if f == nil {
		return nil, fmt.Errorf("there is no activation %q; choose one of %v", name, Activations())
	}
	return Func(f), nil
}

// Act is Activation for names in source code: it panics on an unknown one.
func Act(name string) Layer {
	l, err := Activation(name)
	if err != nil {
		graph.Fail("Act", nil, "%v", err)
	}
	return l
}
