// Package quant computes models in 8-bit integers.
//
// Activations are affine per tensor, real = scale·(q - zero) with q in 0..255;
// weights are symmetric per output channel, real = scale[k]·q with q in
// -127..127; sums are int32. What is quantised are the operands of Linear and
// Conv2D; what stands between them and is no part of a layer stays float32. A layer is known by the name of
// the variable that holds its weight.
//
// After training, ranges of activations come from running calibration batches:
//
//	ranges, err := quant.Calibrate(dev, inputs, outputs, batches, quant.Calibration{Method: quant.MSE})
//	outputs, err = quant.Integer(ranges, quant.Options{}, outputs...) // compile or export this
//
// Training can take the rounding into account. Apply comes after the trace and
// before the optimiser; the ranges it learns serve Integer as well:
//
//	q := quant.NewTraining(params.Sub("quant"), quant.TrainingOptions{})
//	logits := q.Apply(net.Forward(x))[0]
//	...
//	outputs, err := quant.Integer(q.Ranges(), quant.Options{}, net.Forward(x))
//
// Integer folds batch normalisation into the layer before it, and the addition of
// a shortcut into one of the layers added; the blocks of a residual network so
// pass bytes to each other. Because scales are per channel and signs symmetric,
// this leaves the integers of the weights as training saw them. What Integer
// returns runs in integers when compiled, and onnx.Builder.Graph exports it as
// QuantizeLinear and DequantizeLinear around float operators with int8 weights.
// Model does the same to an ONNX model made elsewhere.
//
// Sources: Jacob et al. 2018, arXiv:1712.05877; Krishnamoorthi 2018, arXiv:1806.08342.
package quant
