package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Precision is in what type a program multiplies and keeps its activations.
type Precision uint8

const (
	// FullPrecision computes and stores in float32 throughout.
	FullPrecision Precision = iota
	// MixedPrecision rounds the factors of matrix products and the activations
	// that are stored for the backward pass to bfloat16, to nearest with ties to
	// even. Products are summed in float32; convolutions, variables, gradients of
	// variables and all else are float32.
	// Source: Micikevicius et al. 2018, arXiv:1710.03740; Kalamkar et al. 2019,
	// arXiv:1905.12322, for bfloat16, whose range needs no scaling of the loss.
	MixedPrecision
)

// treatment is what mixed precision does at one of the chip's operators.
type treatment struct {
	factors bool // its first two operands are rounded to bfloat16
	reads   bool // it reads bfloat16, and what it is given may be stored so
	stored  bool // its first result is rounded when a backward pass reads it
	all     bool // so are its other results
}

// treatmentOf is the whole rule of mixed precision. An operator that is not
// here reads and writes float32 alone: reductions, losses, random numbers,
// optimisers. Convolutions multiply float32, or what there is for the backward
// pass: Winograd's algorithm saves them more multiplications than products of
// bfloat16 would.
func treatmentOf(op chip.Op) treatment {
	switch op.(type) {
	case *chip.Gemm:
		return treatment{factors: true, stored: true}
	case *chip.Conv, *chip.ConvGradInput, *chip.ConvGradWeight:
		return treatment{reads: true, stored: true}
	case *chip.Map:
		return treatment{reads: true, stored: true, all: true}
	case *chip.Transpose, *chip.Concat, *chip.Slice, *chip.Pad, *chip.Broadcast, *chip.Gather, *chip.MaxPool, *chip.AvgPool, *chip.Resize:
		return treatment{stored: true}
	case *chip.Softmax, *chip.LayerNorm, *chip.BatchNorm: // computed in float32; their statistics are kept so
		return treatment{stored: true}
	}
	return treatment{}
}

// smallest is the least size in bytes at which rounding saves memory: what is
// not larger takes a whole line of the arena either way.
const smallest = alignment

// isFactor reports whether operand k of an instruction is rounded. A product
// with a single result is a sum, as of a gradient's squares, and is not.
func (p *program) isFactor(in *instr, k int) bool {
	return k < 2 && treatmentOf(in.op).factors && p.typeOf(in.outs[0]).len() > 1 && p.typeOf(in.args[k]).dtype == tensor.Float32
}

// isStored reports whether result k of an instruction is rounded for backward.
func (p *program) isStored(in *instr, k int) bool {
	t := p.typeOf(in.outs[k])
	if t.dtype != tensor.Float32 || t.bytes() <= smallest || p.stores[p.storeOf(in.outs[k])].backward {
		return false
	}
	rule := treatmentOf(in.op)
	return rule.stored && (k == 0 || rule.all)
}
