package chip

// Op is a lowered operator: one of the pointer types below, holding its
// attributes. All floating-point operators work on Float32 unless they say
// otherwise. N, H, W, C name batch, height, width and channels; images are
// channels-last ([N,H,W,C]) and convolution weights are [KH,KW,C/groups,K].
//
// BFloat16 is a type of storage: the two factors of Gemm and of the convolutions
// may be BFloat16, each by itself, and are multiplied and summed as Float32;
// Map, Cast and the operators of any type take it too.
type Op interface {
	// Name is the operator's name in profiles and errors.
	Name() string
}

// Activation is an elementwise function fused behind another operator.
type Activation uint8

// The activations.
const (
	NoActivation Activation = iota
	ReLU                    // max(x, 0)
	SiLU                    // x·sigmoid(x)
	GELU                    // exact, with erf
)

// Gemm is a batched matrix product with an epilogue:
// out = act(alpha·op(a)·op(b) + bias), op transposing the last two axes.
// Args: a [B...,M,K] (or [B...,K,M] with TransA), b [B...,K,N], and with Bias
// bias [N]. Batch axes are equal, or b has none and is shared by all batches.
// Out: [B...,M,N]. With Accumulate the product is added to what out holds.
type Gemm struct {
	TransA, TransB bool
	Alpha          float32 // 0 means 1
	Bias           bool
	Act            Activation
	Accumulate     bool
}

// Window is the geometry of a sliding window over H and W.
type Window struct {
	KH, KW                               int
	StrideH, StrideW                     int // at least 1
	PadTop, PadBottom, PadLeft, PadRight int
	DilationH, DilationW                 int // at least 1
}

// Out returns the output height and width for an input of h by w.
func (g Window) Out(h, w int) (oh, ow int) {
	oh = (h+g.PadTop+g.PadBottom-g.DilationH*(g.KH-1)-1)/g.StrideH + 1
	ow = (w+g.PadLeft+g.PadRight-g.DilationW*(g.KW-1)-1)/g.StrideW + 1
	return oh, ow
}

// Conv is a 2-D cross-correlation with an epilogue.
// Args: x [N,H,W,C], w [KH,KW,C/Groups,K], and with Bias bias [K]. Out: [N,OH,OW,K].
type Conv struct {
	Window
	Groups int // at least 1
	Bias   bool
	Act    Activation
}

// ConvGradInput is the gradient of Conv by x.
// Args: dy [N,OH,OW,K], w [KH,KW,C/Groups,K]. Out: dx [N,H,W,C].
type ConvGradInput struct {
	Window
	Groups int
}

// ConvGradWeight is the gradient of Conv by w.
// Args: x [N,H,W,C], dy [N,OH,OW,K]. Out: dw [KH,KW,C/Groups,K].
type ConvGradWeight struct {
	Window
	Groups int
}

// MaxPool takes the maximum of each window; padding never wins.
// Args: x [N,H,W,C]. Outs: y [N,OH,OW,C] and, when a second output is given,
// index Int32 [N,OH,OW,C], the flat h·W+w position of the (first) maximum.
type MaxPool struct{ Window }

// MaxPoolGrad scatters dy to the positions that MaxPool took.
// Args: dy [N,OH,OW,C], index Int32 of the same shape. Out: dx [N,H,W,C].
type MaxPoolGrad struct{ Window }

// AvgPool takes the mean of each window. With CountPad the padding counts.
// Args: x [N,H,W,C]. Out: y [N,OH,OW,C].
type AvgPool struct {
	Window
	CountPad bool
}

// AvgPoolGrad spreads dy over its windows. Args: dy. Out: dx [N,H,W,C].
type AvgPoolGrad struct {
	Window
	CountPad bool
}

// ReduceKind is how Reduce combines elements.
type ReduceKind uint8

// The kinds of Reduce.
const (
	Sum ReduceKind = iota
	Mean
	Max
	Min
	Prod
)

// Reduce combines the elements along Axes (ascending, non-negative).
// Args: x. Out: the shape of x with those axes 1 or left out.
// Float32, Int64; Bool is not reduced.
type Reduce struct {
	Kind ReduceKind
	Axes []int
}

// ArgMax gives the position of the first maximum along Axis (or the minimum,
// with Min). Args: x. Out: Int64, the shape of x with that axis 1 or left out.
type ArgMax struct {
	Axis int
	Min  bool
}

// Softmax normalises exp(x - max) over the last axis; with Log it gives the
// logarithm. Args: x. Out: same shape; may share storage with x.
type Softmax struct{ Log bool }

// SoftmaxGrad. Args: y (Softmax's output), dy. Out: dx; may share storage with dy.
type SoftmaxGrad struct{ Log bool }

// CrossEntropy is softmax cross-entropy with label smoothing s over K classes:
// loss_i = -Σ_k q_k·log softmax(x_i)_k, q = (1-s)·onehot + s/K.
// Args: x [N,K] logits, label Int64 [N] (a negative label gives loss and
// gradient 0; one of K or more is an error of Run). Outs: loss [N], softmax [N,K].
type CrossEntropy struct{ Smoothing float32 }

// CrossEntropyGrad. Args: softmax [N,K], label Int64 [N], dloss [N]. Out: dx [N,K];
// may share storage with softmax.
type CrossEntropyGrad struct{ Smoothing float32 }

// LayerNorm is (x-mean)/sqrt(var+eps)·gamma + beta over the last axis C,
// biased variance. With RMS the mean is not subtracted and beta is absent.
// Args: x [...,C], gamma [C], beta [C]. Outs: y, mean [...], rstd [...]
// (mean is written as 0 with RMS).
type LayerNorm struct {
	Eps float32
	RMS bool
}

// LayerNormGrad. Args: x, gamma, mean, rstd, dy. Outs: dx, dgamma, dbeta (dbeta absent with RMS).
type LayerNormGrad struct{ RMS bool }

// BatchNorm normalises over all axes but the last with the batch's own
// statistics and moves the running ones: r = (1-Momentum)·r + Momentum·batch
// (unbiased variance for the running one).
// Args: x [...,C], gamma [C], beta [C], runMean [C], runVar [C].
// Outs: y, mean [C], rstd [C], newRunMean [C], newRunVar [C]; the last two may
// share storage with runMean and runVar. Act is applied to y.
type BatchNorm struct {
	Eps, Momentum float32
	Act           Activation // NoActivation or ReLU
}

// BatchNormGrad. Args: x, gamma, mean, rstd, dy and, with Act ReLU, y.
// Outs: dx, dgamma, dbeta; dx may share storage with dy.
type BatchNormGrad struct{ Act Activation }

// Transpose permutes axes: out axis i is x axis Perm[i]. Any type.
type Transpose struct{ Perm []int }

// Concat joins its args along Axis. Any type.
type Concat struct{ Axis int }

// Slice takes x[Start[i] + j·Step[i]] along each axis; the length comes from
// the output's shape. Steps may be negative. Any type.
type Slice struct{ Start, Step []int }

// SliceGrad writes dy into a zeroed out at the places Slice would take. Args: dy. Out: dx.
type SliceGrad struct{ Start, Step []int }

// Pad surrounds x with Value. Args: x. Out: x's shape grown by Before and After
// (not negative). Any type; Value is converted.
type Pad struct {
	Before, After []int
	Value         float64
}

// Broadcast repeats x to the output's shape by numpy's rule. Any type.
type Broadcast struct{}

// Copy copies x, converting nothing. Out may be a Variable. Any type.
type Copy struct{}

// Cast converts between element types: float to integer truncates, anything to
// Bool is x != 0, Bool to anything is 0 or 1, out-of-range saturates. To and
// from BFloat16 leads over Float32; rounding is to nearest, ties to even.
type Cast struct{}

// Gather takes rows along Axis: out = x[..., index, ...].
// Args: x, index Int64 or Int32 of any shape (negative counts from the end).
// Out: x.shape[:Axis] + index.shape + x.shape[Axis+1:]. Any type. An index
// outside x is an error of Run.
type Gather struct{ Axis int }

// GatherGrad adds dy's rows into a zeroed out. Axis 0 only.
// Args: dy, index. Out: dx [rows, ...].
type GatherGrad struct{}

// OneHot. Args: index Int64 [...]. Out: Float32 [..., depth]; rows of an index
// outside are zero.
type OneHot struct{}

// Random fills out from a counter-based generator, so that the same
// (Seed, counter) gives the same values on every device and with any number of
// threads. Args: counter Int64 [1]. Out: Float32 or, for Bernoulli, Float32 0 or 1.
// The generator is Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers:
// as easy as 1, 2, 3") with key (Seed low, high): elements 4i to 4i+3 come from
// the block whose counter words are (i low, i high, counter low, high). A
// uniform value is the upper 24 bits of its word over 2^24; Bernoulli is
// uniform < P; normals are Box and Muller's r·cos and r·sin of successive words
// (u, v): r = sqrt(-2·ln(((u>>8)+1)/2^24)), angle 2π·(v>>8)/2^24.
type Random struct {
	Kind RandomKind
	Seed uint64
	P    float32 // Bernoulli: the probability of 1
}

// RandomKind is a distribution.
type RandomKind uint8

// The distributions of Random.
const (
	Uniform   RandomKind = iota // [0,1)
	Normal                      // mean 0, variance 1
	Bernoulli                   // 0 or 1
)

// ResizeMode is how Resize interpolates.
type ResizeMode uint8

// The modes of Resize.
const (
	Nearest ResizeMode = iota // the nearest pixel
	Linear                    // bilinear interpolation
)

// Resize scales H and W of x [N,H,W,C] to the output's shape with half-pixel
// centres (ONNX coordinate_transformation_mode "half_pixel"; nearest rounds
// half down, "round_prefer_floor"). With Antialias, Linear widens its filter
// when shrinking, as ONNX opset 18 does. Float32.
type Resize struct {
	Mode      ResizeMode
	Antialias bool
}

// SGD updates a parameter: g' = g + Decay·p; v = Momentum·v + g';
// p -= lr·(g' + Momentum·v with Nesterov, else v). Args: p, g, v, lr [1], and
// scale [1], which multiplies g first. Outs: p, v, sharing storage with the args.
// Without Momentum, v is absent from Args and Outs.
type SGD struct {
	Momentum, Decay float32
	Nesterov        bool
}

// AdamW is Adam with decoupled weight decay (Loshchilov & Hutter 2019,
// arXiv:1711.05101). Args: p, g, m, v, lr [1], step Int64 [1] (from 1), scale [1]
// that multiplies g first. Outs: p, m, v, sharing storage with the args.
type AdamW struct {
	Beta1, Beta2, Eps, Decay float32
}

// Lerp moves a towards b: a += W·(b-a). Args: a, b. Out: a, sharing storage.
// It is the update of exponential moving averages.
type Lerp struct{ W float32 }

// Name returns "Gemm".
func (*Gemm) Name() string { return "Gemm" }

// Name returns "Conv".
func (*Conv) Name() string { return "Conv" }

// Name returns "ConvGradInput".
func (*ConvGradInput) Name() string { return "ConvGradInput" }

// Name returns "ConvGradWeight".
func (*ConvGradWeight) Name() string { return "ConvGradWeight" }

// Name returns "MaxPool".
func (*MaxPool) Name() string { return "MaxPool" }

// Name returns "MaxPoolGrad".
func (*MaxPoolGrad) Name() string { return "MaxPoolGrad" }

// Name returns "AvgPool".
func (*AvgPool) Name() string { return "AvgPool" }

// Name returns "AvgPoolGrad".
func (*AvgPoolGrad) Name() string { return "AvgPoolGrad" }

// Name returns "Reduce".
func (*Reduce) Name() string { return "Reduce" }

// Name returns "ArgMax".
func (*ArgMax) Name() string { return "ArgMax" }

// Name returns "Softmax".
func (*Softmax) Name() string { return "Softmax" }

// Name returns "SoftmaxGrad".
func (*SoftmaxGrad) Name() string { return "SoftmaxGrad" }

// Name returns "CrossEntropy".
func (*CrossEntropy) Name() string { return "CrossEntropy" }

// Name returns "CrossEntropyGrad".
func (*CrossEntropyGrad) Name() string { return "CrossEntropyGrad" }

// Name returns "LayerNorm".
func (*LayerNorm) Name() string { return "LayerNorm" }

// Name returns "LayerNormGrad".
func (*LayerNormGrad) Name() string { return "LayerNormGrad" }

// Name returns "BatchNorm".
func (*BatchNorm) Name() string { return "BatchNorm" }

// Name returns "BatchNormGrad".
func (*BatchNormGrad) Name() string { return "BatchNormGrad" }

// Name returns "Transpose".
func (*Transpose) Name() string { return "Transpose" }

// Name returns "Concat".
func (*Concat) Name() string { return "Concat" }

// Name returns "Slice".
func (*Slice) Name() string { return "Slice" }

// Name returns "SliceGrad".
func (*SliceGrad) Name() string { return "SliceGrad" }

// Name returns "Pad".
func (*Pad) Name() string { return "Pad" }

// Name returns "Broadcast".
func (*Broadcast) Name() string { return "Broadcast" }

// Name returns "Copy".
func (*Copy) Name() string { return "Copy" }

// Name returns "Cast".
func (*Cast) Name() string { return "Cast" }

// Name returns "Gather".
func (*Gather) Name() string { return "Gather" }

// Name returns "GatherGrad".
func (*GatherGrad) Name() string { return "GatherGrad" }

// Name returns "OneHot".
func (*OneHot) Name() string { return "OneHot" }

// Name returns "Random".
func (*Random) Name() string { return "Random" }

// Name returns "Resize".
func (*Resize) Name() string { return "Resize" }

// Name returns "SGD".
func (*SGD) Name() string { return "SGD" }

// Name returns "AdamW".
func (*AdamW) Name() string { return "AdamW" }

// Name returns "Lerp".
func (*Lerp) Name() string { return "Lerp" }

// Name returns "Map".
func (*Map) Name() string { return "Map" }
