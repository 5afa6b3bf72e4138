package cpu

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip"
)

// lower prepares the instruction's kernel. The operator was checked before.
func (c *call) lower(op chip.Op) (kernel, error) {
	switch op := op.(type) {
	case *chip.Gemm:
		return c.gemm(op), nil
	case *chip.Conv:
		return c.conv(op), nil
	case *chip.GemmInt8:
		return c.gemmInt8(op), nil
	case *chip.ConvInt8:
		return c.convInt8(op), nil
	case *chip.ConvGradInput:
		return c.convGradInput(op), nil
	case *chip.ConvGradWeight:
		return c.convGradWeight(op), nil
	case *chip.MaxPool:
		return c.maxPool(op), nil
	case *chip.MaxPoolGrad:
		return c.maxPoolGrad(op), nil
	case *chip.AvgPool:
		return c.avgPool(op), nil
	case *chip.AvgPoolGrad:
		return c.avgPoolGrad(op), nil
	case *chip.Reduce:
		return c.reduce(op), nil
	case *chip.ArgMax:
		return c.argMax(op), nil
	case *chip.CumSum:
		return c.cumSum(op), nil
	case *chip.TopK:
		return c.topK(op), nil
	case *chip.Softmax:
		return c.softmax(op), nil
	case *chip.SoftmaxGrad:
		return c.softmaxGrad(op), nil
	case *chip.Attention:
		return c.attention(op), nil
	case *chip.AttentionGrad:
		return c.attentionGrad(op), nil
	case *chip.CrossEntropy:
		return c.crossEntropy(op), nil
	case *chip.CrossEntropyGrad:
		return c.crossEntropyGrad(op), nil
	case *chip.LayerNorm:
		return c.layerNorm(op), nil
	case *chip.LayerNormGrad:
		return c.layerNormGrad(op), nil
	case *chip.BatchNorm:
		return c.batchNorm(op), nil
	case *chip.BatchNormGrad:
		return c.batchNormGrad(op), nil
	case *chip.Map:
		return c.mapped(op), nil
	}
	return c.lowerMove(op)
}

// lowerMove prepares the operators that move, make or update elements.
func (c *call) lowerMove(op chip.Op) (kernel, error) {
	switch op := op.(type) {
	case *chip.Transpose:
		return c.transpose(op), nil
	case *chip.Concat:
		return c.concat(op), nil
	case *chip.Slice:
		return c.slice(op), nil
	case *chip.SliceGrad:
		return c.sliceGrad(op), nil
	case *chip.Pad:
		return c.pad(op), nil
	case *chip.Broadcast:
		return c.broadcast(), nil
	case *chip.Copy:
		return c.copyAll(), nil
	case *chip.Cast:
		return c.cast(), nil
	case *chip.Gather:
		return c.gather(op), nil
	case *chip.GatherGrad:
		return c.gatherGrad(), nil
	case *chip.OneHot:
		return c.oneHot(), nil
	case *chip.CTC:
		return c.ctc(op), nil
	case *chip.Random:
		return c.random(op), nil
	case *chip.Resize:
		return c.resize(op), nil
	case *chip.SGD:
		return c.sgd(op), nil
	case *chip.AdamW:
		return c.adamW(op), nil
	case *chip.Lerp:
		return c.lerp(op), nil
	case *chip.LSTM:
		return c.lstm(op), nil
	case *chip.LSTMGrad:
		return c.lstmGrad(op), nil
	case *chip.GRU:
		return c.gru(op), nil
	case *chip.GRUGrad:
		return c.gruGrad(op), nil
	case *chip.Insert:
		return c.insert(op), nil
	}
	return nil, fmt.Errorf("no kernel for %T", op)
}
