// Package nn offers the layers, losses and initialisers of neural networks on
// top of package graph.
//
// A layer is a struct made once with explicit sizes; its variables are
// registered in a Params under the layer's path, such as "block1/conv/weight",
// and initialised from the Params' seed and that path alone, so that adding a
// layer leaves the others' initial values as they are. Forward may be called
// in any number of graphs; whether a layer behaves as in training follows from
// the graph.
//
// Features are the last axis: images are [N,H,W,C], sequences [N,T,C], tokens and
// labels int64 [N,T] and [N]. Weights are [in,out] in linear layers and
// [KH,KW,C/groups,K] in convolutions. Batch, length, height and width may be
// symbols. Begin with Params and Sequential, then the layers that a model needs;
// Decoder is a whole model and Generator runs it token by token.
//
//	linear       Linear, Bilinear, Embedding
//	convolution  Conv1D, Conv2D, Conv3D (grouped with Groups, depthwise where Groups
//	             is the number of channels, dilated), ConvTranspose1D, ConvTranspose2D
//	pooling      MaxPool, AvgPool, LpPool, AdaptiveAvgPool, GlobalAvgPool, GlobalMaxPool;
//	             MaxPool1D, AvgPool1D, MaxPool3D, AvgPool3D
//	resampling   Upsample, Interpolate, PixelShuffle, PixelUnshuffle
//	norms        BatchNorm (of [N,C], [N,L,C], [N,H,W,C]), LayerNorm, RMSNorm, GroupNorm,
//	             InstanceNorm, LocalResponseNorm
//	sequences    LSTM, GRU, MultiHeadAttention (causal, rotary, grouped queries, a
//	             key and value cache), SwiGLU, Decoder, LearnedPositions
//	composition  Sequential, Residual, Func, Flatten, Dropout
//	activations  Act by one of the names of Activations; PReLU
//
// A loss is a function of nodes that returns one number, the mean over all that
// counts, for graph.Grad:
//
//	classes      CrossEntropy, CrossEntropyWith (smoothing, class weights, ignored
//	             labels), SoftCrossEntropy, NLL, SoftmaxFocal, KLDivergence
//	binary       BCE, BCEWith (weights), BCEOfProbabilities, Focal, Hinge
//	masks        Dice, Tversky
//	boxes        IoULoss and BoxIoU (IoU, GIoU, DIoU, CIoU)
//	numbers      MSE, L1, Huber, SmoothL1, LogCosh, Quantile, PoissonNLL, GaussianNLL
//	vectors      CosineEmbedding, Contrastive, TripletMargin, MarginRanking, InfoNCE, NTXent
//	sequences    CTC
//
// Initialisers are named as in the papers: HeNormal and HeUniform, GlorotNormal
// and GlorotUniform, LeCunNormal and LeCunUniform, TruncatedNormal, Normal,
// Orthogonal, Identity, Dirac, Sparse, Zeros, Ones, Constant.
package nn
