package chip

import "math/bits"

// FLOPs counts the floating-point operations of one instruction by the usual
// convention: a multiplication and an addition are two, any other function of
// an element (a division, an exponential, a comparison) is one, and moving or
// converting elements is none. A matrix product of [M,K] and [K,N] has 2·M·N·K;
// a bias and an activation of its epilogue add one each per result.
func FLOPs(op Op, ins, outs []Value) int64 {
	n := int64(0) // results
	if len(outs) > 0 {
		n = int64(outs[0].Len())
	}
	x := int64(0) // elements of the first argument
	if len(ins) > 0 {
		x = int64(ins[0].Len())
	}
	switch op := op.(type) {
	case *Gemm:
		_, k := lastTwo(ins[0], op.TransA)
		return n*2*int64(k) + epilogue(n, op.Bias, op.Act)
	case *Conv:
		return n*2*perFilter(ins[1]) + epilogue(n, op.Bias, op.Act)
	case *ConvGradInput:
		return x * 2 * perFilter(ins[1])
	case *ConvGradWeight:
		return int64(ins[1].Len()) * 2 * perFilter(outs[0])
	case *GemmInt8:
		return n * (2*int64(ins[1].Shape[0]) + op.perResult(outs[0].DType))
	case *ConvInt8:
		return n * (2*perFilter(ins[1]) + op.perResult(outs[0].DType))
	case *LSTM, *LSTMGrad, *GRU, *GRUGrad:
		return recurrentFLOPs(op, x, int64(outs[1].Shape[1]))
	case *Attention:
		return op.flops(SizesOf(ins[0], ins[1], ins[2], op.TimeFirst))
	case *AttentionGrad:
		return op.flops(SizesOf(ins[0], ins[1], ins[2], op.TimeFirst))
	case *TopK: // each element finds its place among the k best
		return x * int64(bits.Len(uint(outs[0].Shape[len(outs[0].Shape)-1])))
	case *CTC: // for each frame and state, two sums of logarithms of four each, both ways, and the share of the gradient
		frames, states := int64(ins[0].Shape[0]*ins[0].Shape[1]), int64(2*ins[1].Shape[1]+1)
		return frames * states * 24
	case *Map:
		steps := int64(0)
		for _, in := range op.Code {
			if in.Fn != FnConst {
				steps++
			}
		}
		return n * steps
	case *MaxPool:
		return n * int64(op.KH*op.KW)
	case *AvgPool:
		return n * int64(op.KH*op.KW)
	case *AvgPoolGrad:
		return x * int64(op.KH*op.KW)
	case *MaxPoolGrad, *Reduce, *CumSum, *ArgMax, *GatherGrad:
		return x
	case *Random:
		return 10 * n // the rounds of Philox for one word
	case *Resize:
		if op.Mode == Linear {
			return 7 * n // two interpolations along a row, one across
		}
		return 0
	}
	return perElement(op) * x
}

// recurrentFLOPs counts the products of each step with the recurrent weights,
// x·2·h for x sums before the gates, and the elementwise steps of its h units.
func recurrentFLOPs(op Op, x, h int64) int64 {
	gates, unit := int64(4), int64(0)
	switch op := op.(type) {
	case *LSTM: // five functions, three products and an addition; two for each peephole
		unit = 9 + 6*int64(btoi(op.Peephole))
	case *LSTMGrad:
		unit = 27 + 6*int64(btoi(op.Peephole))
	case *GRU: // three functions, the new state, and the reset
		gates, unit = 3, 7+2*int64(btoi(op.ResetAfter))
	case *GRUGrad:
		gates, unit = 3, 18
	}
	return x*2*h + x/gates*unit
}

// perResult is the work of the epilogue: bias, scale, activation, for integers
// rounding and the zero point, and what is added, scaled.
func (op Integer) perResult(out DType) int64 {
	return 2 + int64(btoi(op.Act != NoActivation)) + 2*int64(btoi(out == Uint8)) + 2*int64(btoi(op.Add))
}

// perElement is the work for each element of the first argument.
func perElement(op Op) int64 {
	switch op := op.(type) {
	case *Softmax, *CrossEntropy:
		return 5 // maximum, difference, exponential, sum, scale
	case *SoftmaxGrad:
		return 4
	case *CrossEntropyGrad:
		return 2
	case *LayerNorm:
		if op.RMS {
			return 4
		}
		return 7 // two sums, a difference and a square, then scale and shift
	case *LayerNormGrad:
		if op.RMS {
			return 10
		}
		return 13
	case *BatchNorm:
		return 7
	case *BatchNormGrad:
		return 11
	case *SGD:
		if op.Momentum == 0 {
			return 5
		}
		return 7
	case *AdamW:
		return 13
	case *Lerp:
		return 3
	}
	return 0
}

func epilogue(n int64, bias bool, act Activation) int64 {
	return n * int64(btoi(bias)+btoi(act != NoActivation))
}

// perFilter is the number of weights of one filter of w [KH,KW,C/groups,K].
func perFilter(w Value) int64 { return int64(w.Shape[0] * w.Shape[1] * w.Shape[2]) }

// Bytes counts the memory that one instruction must at least read and write:
// each piece of storage that it reads once and each that it writes once, and
// what an operator that selects elements takes alone. It is a lower bound, as
// caches see it: a kernel that reads an operand again from memory moves more.
func Bytes(op Op, ins, outs []Value) int64 {
	read := distinct(ins)
	write := distinct(outs)
	switch op := op.(type) {
	case *Gather, *Slice:
		read -= size(ins[0]) - size(outs[0])
	case *Insert:
		return 2*size(ins[1]) + size(ins[2])
	case *Gemm:
		if op.Accumulate {
			read += size(outs[0])
		}
	}
	return read + write
}

// distinct sums up the values, each place once.
func distinct(vs []Value) int64 {
	sum := int64(0)
	for i, v := range vs {
		again := false
		for _, w := range vs[:i] {
			again = again || v.Kind != Constant && v.Kind == w.Kind && v.Index == w.Index && v.Offset == w.Offset
		}
		if !again {
			sum += size(v)
		}
	}
	return sum
}

func size(v Value) int64 { return int64(v.Len() * v.DType.Size()) }
