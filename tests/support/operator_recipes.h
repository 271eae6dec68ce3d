// How the random graphs make a valid call of each operator: one line an operator, or several.
//
//   Names | operands | attributes | kind outputs
//
// An operand is a dtype letter, marks, a shape and values. Letters: T the node's dtype (of the row's types), f h d float32/16/64, i k
// int64/32, I one of the two, F float32 or float64, u j uint8/int8, U u or j, b bool, s string, a any, S sequence, O optional; `-` none.
// Marks: ! operators that jump there (their operand must be the same on every backend to the last bit), ? optional. Shapes: * one
// random shape for the node, + the same of rank 1 or more, ~ broadcasts with it, % broadcasts into it, _ scalar, [N,2*C,.] dims by
// name (. one or two more). Values: {1,N,-1..2} these (a list where no shape is given), <0:N-1> within. R is the first operand's
// rank, @axis @axes @perm @to stand for themselves. Attributes: name=1..3 integers, name~0.5 floats, name:a|b|c texts, name? only
// sometimes. Kinds: m moves or chooses (exact if its operands are), a adds and multiplies (exact while numbers are small), t rounds,
// r random. Outputs: a number, 1 if absent; 1..3: so many.
#pragma once

#include <string_view>

namespace nacre::test {

inline constexpr std::string_view kRecipes = R"(
Abs Neg Relu Identity | T* | | m
Ceil Floor Round Sign IsNaN | T!* | | m
IsInf | T!* | detect_negative?=0..1 detect_positive?=0..1 | m
Acos Acosh Asin Atanh Log Sqrt Reciprocal | T!* | | t
Asinh Atan Cos Cosh Sin Sinh Tan Tanh Exp Erf Sigmoid Softplus Softsign Mish HardSwish | T* | | t
Elu Celu | T* | alpha?~0.5..2 | t
Selu | T* | alpha?~0.5..2 gamma?~0.5..2 | t
LeakyRelu Swish | T* | alpha?~-1..2 | t
HardSigmoid | T* | alpha?~0..1 beta?~0..1 | t
Gelu | T* | approximate?:none|tanh | t
ThresholdedRelu | T!* | alpha?~-1..1 | m
Shrink | T!* | lambd?~0..1 bias?~0..1 | t
Not | b* | | m
And Or Xor | b* b~ | | m
BitwiseNot | T* | | m
BitwiseAnd BitwiseOr BitwiseXor | T* T~ | | m
BitShift | T* T~<0:3> | direction:LEFT|RIGHT | m
Add Sub Mul | T* T~ | | a
Div | T* T!~<1:3> | | t
Div | f* f!~ | | t
Mod | T!* T!~<1:3> | fmod=1 | m
Mod | I!* I!~<1:3> | | m
Pow | T!* T!~<0:2> | | t
Pow | f!* I!~<-2:2> | | t
Max Min | T* T~ T?~ T?~ | | m
Sum | T* T~ T?~ T?~ | | a
Mean | T* T~ T?~ T?~ | | t
Clip | T* T?_<-2:0> T?_<0:2> | | m
Equal Less Greater LessOrEqual GreaterOrEqual | T!* T!~ | | m
Where | b* T~ T~ | | m
PRelu | T* T% | | a
Cast | T!* | to=@to saturate?=0..1 | m
Cast | f* | to=1 | m
Cast | f* | to=11 | m
CastLike | T!* a_ | | m
BitCast | f* | to=6 | m
BitCast | d!* | to=7 | m
Dropout | T* F?_{0.5} | | m 1..2
BatchNormalization | T[N,C,.] T[C] T[C] T[C] T[C]<1:3> | epsilon?~0.001..0.1 | t
LayerNormalization | T[N,C] T[C] T?[C] | axis?=-1 epsilon?~0.001..0.1 | t 1..3
LayerNormalization | f[N,C,D] f[C,D] f?[C,D] | axis=1 | t
RMSNormalization | T[N,C] T[C] | axis?=-1 epsilon?~0.001..0.1 | t
SimplifiedLayerNormalization | f[N,C] f[C] | | t
InstanceNormalization | T[N,C,.] T[C] T[C] | epsilon?~0.001..0.1 | t
GroupNormalization | T[N,C*g,.] T[C*g] T[C*g] | num_groups=g epsilon?~0.001..0.1 | t
LpNormalization | T!+ | axis=@axis p=1..2 | t
MeanVarianceNormalization | T[N,C,H,W] | axes?=[0,2,3] | t
LRN | T[N,C,H,W] | size=1..3 alpha?~0.1..1 beta?~0.5..1 bias?~1..2 | t
Softmax LogSoftmax | T+ | axis?=@axis | t
Hardmax | T!+ | axis?=@axis | m
ReduceSum ReduceL1 ReduceSumSquare | T* i?{@axes} | keepdims?=0..1 noop_with_empty_axes?=0..1 | a
ReduceMean ReduceProd ReduceL2 ReduceLogSumExp | T* i?{@axes} | keepdims?=0..1 | t
ReduceLogSum | T!*<1:4> i?{@axes} | keepdims?=0..1 | t
ReduceMax ReduceMin | T* i?{@axes} | keepdims?=0..1 | m
ArgMax ArgMin | T!+ | axis?=@axis keepdims?=0..1 select_last_index?=0..1 | m
TopK | T![N,C] i{1..C} | axis?=1 largest?=0..1 sorted?=1 | m 2
Transpose | T* | perm=@perm | m
Transpose | T* | | m
Reshape | T[A,B,C] i{A*B,C} | | m
Reshape | T[A,B,C] i{0,-1} | | m
Reshape | T[A,B,C] i{A,-1,C,1} | allowzero?=1 | m
Flatten | T+ | axis?=0-R..R | m
Squeeze | T[1,N,1,M] i?{0,2} | | m
Squeeze | T[1,N,1,M] i{-2} | | m
Unsqueeze | T* i{0} | | m
Unsqueeze | T* i{-1,R} | | m
Expand | T[1,N] i{A,B,N} | | m
Expand | T[N,1,M] i{B,1} | | m
Tile | T[N,M] i{0..3,1..2} | | m
Concat | T[N,A] T[N,B] T?[N,C] | axis=1 | m
Concat | T[N,A,B] T[M,A,B] | axis=-3 | m
Split | T[N,C+1] i{1,C} | axis=1 | m 2
Split | T[N*2,M] | num_outputs=2 | m 2
Split | T[N,3] | axis=-1 num_outputs=2 | m 2
Slice | T[N,M,K] i{0..2,-2..1} i{-1..9,1..4} i?{0,2} i?{1..2,1..2} | | m
Slice | T[N,M] i{-1} i{-9..0} i{@axis} i{-2..-1} | | m
Gather | T[N,M] I[A,B]<0-N:N-1> | axis?=0 | m
Gather | T[N,M] I_<0-M:M-1> | axis=-1 | m
GatherElements | T[N,M] I[A,M]<0-N:N-1> | axis=0 | m
GatherND | T[N,N,K] i[A,2]<0-N:N-1> | | m
GatherND com.microsoft:GatherND | T[N,M] i[A,1]<0-N:N-1> | | m
ScatterElements | T[N,M] I[A,M]<0-N:N-1> T[A,M] | axis?=0 reduction:max|min | m
ScatterElements | T[N,M] I[A,M]<0-N:N-1> T[A,M] | reduction:add|mul|none | a
ScatterND | T[N,M] i[A,1]<0-N:N-1> T[A,M] | reduction?:add|mul|none | a
ScatterND | T[N,N] i[A,2]<0-N:N-1> T[A] | reduction?:max|min | m
TensorScatter | T[B,H,A+2,D] T[B,H,A,D] i?[B]<0:2> | mode?:linear|circular | m
OneHot | I*<-4:3> I_<1:4> f[2] | axis?=-1..R | m
NonZero | T!* | | m
Compress | T[N,M] b![A] | axis?=0..1 | m
Compress | T[N,M] b![N] | axis=0 | m
Unique | T!+ | axis?=@axis sorted?=0..1 | m 1..4
CumSum CumProd | T+ I_<0-R:R-1> | exclusive?=0..1 reverse?=0..1 | a
EyeLike | T[N,M] | k?=-2..2 dtype?=1 | m
Trilu com.microsoft:Trilu | T[A,N,M] i?_<-3:3> | upper?=0..1 | m
Pad | T[N,M] i{-1..2,0..2,0..2,0..1} T?_ | mode?:constant | m
Pad com.microsoft:Pad | f[N+2,M+2] i{0..2,0..1,0..1,0..2} | mode:edge|reflect | m
Pad | T[N+2,M+2] i{0..2,0..1} T?_ i{@axis} | mode:edge|reflect|wrap | m
CenterCropPad | T[N,M] i{1..5,0..5} | | m
DepthToSpace | T[N,C*4,H,W] | blocksize=2 mode?:DCR|CRD | m
SpaceToDepth | T[N,C,H*2,W*2] | blocksize=2 mode?:DCR | m
ReverseSequence | T[S,B,K] i[B]<0:S> | time_axis?=0 batch_axis?=1 | m
ReverseSequence | T[B,S] i[B]<1:S> | time_axis=1 batch_axis=0 | m
Shape | T* | start?=-2..2 end?=-1..4 | m
Size | T* | | m
ConstantOfShape | i{0..3,1..3} | | m
Constant | | value_ints=[1..3,0,-1..5] | m
Constant | | value_float~-2..2 | m
Range com.microsoft:Range | I_<0:2> I_<3:8> I_<1:2> | | m
Range | f_<3:5> f_<-2:2> f_{-0.5} | | m
Resize | f[N,C,H,W] - f!{1,1,0.5..3,0.5..3} | mode?:nearest|linear|cubic antialias?=0..1 coordinate_transformation_mode?:half_pixel|align_corners|asymmetric|pytorch_half_pixel | t
Resize | f[N,C,H,W] - - i{N,C,1..6,1..6} | mode?:nearest|linear|cubic nearest_mode?:floor|ceil|round_prefer_ceil | t
Resize | T[N,C,H] - f!{1,1,2} | mode?:nearest|linear exclude_outside?=0..1 | t
GridSample | f[N,C,H,W] f![N,A,B,2] | mode?:linear|nearest|cubic padding_mode?:zeros|border|reflection align_corners?=0..1 | t
AffineGrid | T[N,2,3] i{N,1..2,1..4,1..4} | align_corners?=0..1 | t
RoiAlign | f[N,C,H+2,W+2] f![A,4]<0:3> i[A]<0:N-1> | output_height?=1..3 output_width?=1..3 mode?:avg|max sampling_ratio?=0..2 | t
MaxRoiPool | f[1,C,H+2,W+2] f![1,5]{0,0..1,0..1,1..2,1..2} | pooled_shape=[1..3,1..3] | m
DeformConv | f[N,C,H+2,W+2] f[M,C,3,3] f[N,18,H,W] f?[M] f?[N,9,H,W] | | t
Conv | T[N,C*g,H+2,W+2] T[M*g,C,3,3] T?[M*g] | group=g pads?=[0..1,0..1,0..1,0..1] strides?=[1..2,1..2] dilations?=[1,1] | a
Conv | T[N,C,H] T[M,C,1] T?[M] | | a
Conv | f[N,C,H+2] f[M,C,2] | auto_pad:SAME_UPPER|SAME_LOWER|VALID dilations?=[1] | a
Conv | f[N,g,H+3,W+2] f[g,1,2,3] f?[g] | group=g strides?=[1..2,1..2] | a
Conv | f[N,C,H+1,W,D] f[M,C,2,1,1] | pads?=[0..1,0..1,0..1,0..1,0..1,0..1] | a
Conv | f[N,C,H,W] f[M,C,1,1] f?[M] | strides?=[1..2,1..2] | a
ConvTranspose | T[N,C,H,W] T[C,M,2,2] T?[M] | strides?=[1..3,1..3] pads?=[0..1,0..1,0,0] | a
ConvTranspose | f[N,C*g,H,W] f[C*g,M,3,3] | group=g strides=[2,2] output_padding?=[0..1,0..1] | a
ConvInteger | T[N,C,H+2,W+2] U[M,C,3,3] T?_<0:3> | pads?=[0..1,0..1,0..1,0..1] | a
QLinearConv com.microsoft:QLinearConv | u[N,C,H+2,W+2] f_{0.5} u_ U[M,C,3,3] f_{0.25} V_{0} f_{4} u_ k?[M] | | m
MatMul | T[N,K] T[K,M] | | a
MatMul | T[A,N,K] T[A,K,M] | | a
MatMul | T[A,1,N,K] T[B,K,M] | | a
MatMul | T[K] T[K] | | a
MatMul | T[A,N,K] T[K] | | a
MatMulInteger | T[N,K] U[K,M] T?_<0:3> V?_<0:3> | | a
QLinearMatMul | u[N,K] f_{0.5} u_ U[K,M] f_{0.25} V_ f_{4} u_ | | m
Gemm | T[N,K] T[K,M] T?[M] | alpha?~0.5..2 beta?~0.5..2 | a
Gemm | T[K,N] T[K,M] T?[N,1] | transA=1 | a
Gemm | T[N,K] T[M,K] T?_ | transB=1 | a
Einsum | T[A,B] T[B,C] | equation:ij,jk->ik|ij,jk|ij,jk->ki | a
Einsum | T[A,B,B] | equation:ijj->ji|ijj->i|ijk->kij|...ii->...i | a
Einsum | T[A,B,C] T[A,C,D] | equation:bij,bjk->bik|...ij,...jk->...ik|bij,bjk->bki | a
Einsum | T[A] T[B] T[A,B] | equation:i,j,ij->|i,j,ij->ij | a
Det | T[N,A,A] | | t
LSTM | f[S,B,I] f[1,4*H,I] f[1,4*H,H] f?[1,8*H] k?[B]<1:S> f?[1,B,H] f?[1,B,H] f?[1,3*H] | hidden_size=H direction?:forward|reverse | t 1..3
LSTM | f[S,B,I] f[2,4*H,I] f[2,4*H,H] f?[2,8*H] | hidden_size=H direction:bidirectional | t 1..3
LSTM | f[B,S,I] f[1,4*H,I] f[1,4*H,H] | hidden_size=H layout=1 | t 3
GRU | f[S,B,I] f[1,3*H,I] f[1,3*H,H] f?[1,6*H] k?[B]<1:S> f?[1,B,H] | hidden_size=H direction?:forward|reverse linear_before_reset?=0..1 | t 1..2
RNN | f[S,B,I] f[1,H,I] f[1,H,H] f?[1,2*H] k?[B]<1:S> f?[1,B,H] | hidden_size=H direction?:forward|reverse | t 1..2
RNN | f[S,B,I] f[2,H,I] f[2,H,H] | hidden_size=H direction:bidirectional | t 2
Attention | T[B,H,S,D] T[B,H,K,D] T[B,H,K,E] T?[S,K] | is_causal?=0..1 softcap?~0.5..2 scale?~0.1..1 | t
Attention | f[B,S,H*D] f[B,K,H*D] f[B,K,H*E] | q_num_heads=H kv_num_heads=H is_causal?=0..1 | t
Attention | f[B,2*H,S,D] f[B,H,K,D] f[B,H,K,E] b?[B,1,S,K] | | t
Attention | f[B,H,S,D] f[B,H,K,D] f[B,H,K,E] - f[B,H,P,D] f[B,H,P,E] | | t 3
RotaryEmbedding | T[B,H,S,D*2] T[P,D] T[P,D] i[B,S]<0:P-1> | interleaved?=0..1 | t
RotaryEmbedding | f[B,S,H*D*2] f[B,S,D] f[B,S,D] | num_heads=H interleaved?=0..1 | t
LinearAttention | f[B,S,H*D] f[B,S,H*D] f[B,S,H*E] | q_num_heads=H kv_num_heads=H update_rule:linear | t 2
CausalConvWithState | f[B,C,S] f[C,1,K+1] f?[C] f?[B,C,K] | activation?:silu|none | t 2
DFT | T[B,N,2] - i?_{1} | inverse?=0..1 | t
DFT | T[B,N,1] i?_<1:5> i?_{-2} | onesided?=0..1 | t
STFT | T[B,N+8,1] i_<1:3> T[4] i_{4} | onesided?=0..1 | t
HannWindow HammingWindow BlackmanWindow | I_<1:8> | periodic?=0..1 output_datatype?=1 | t
MelWeightMatrix | I_{4} I_{16} I_{8000} f_{0} f_{4000} | | t
AveragePool | T[N,C,H+2,W+2] | kernel_shape=[1..3,2..3] strides?=[1..2,1..2] pads?=[0,0..1,0,0..1] ceil_mode?=0..1 count_include_pad?=0..1 | t
LpPool | T[N,C,H+2,W+2] | kernel_shape=[1..3,2..3] strides?=[1..2,1..2] p?=1..3 | t
MaxPool | T[N,C,H+2,W+2] | kernel_shape=[1..3,2..3] strides?=[1..2,1..2] pads?=[0,0..1,0,0..1] ceil_mode?=0..1 dilations?=[1,1..2] | m
MaxPool | T![N,C,H+2,W+2] | kernel_shape=[2..3,2] strides?=[1..2,1..2] storage_order?=0..1 | m 2
MaxPool AveragePool | f[N,C,H+2] | kernel_shape=[2..3] auto_pad?:SAME_UPPER|SAME_LOWER|VALID | t
GlobalAveragePool GlobalLpPool | T[N,C,.] | | t
GlobalMaxPool | T[N,C,.] | | m
MaxUnpool | f[1,1,2,2] i[1,1,2,2]{0,3,8,10} | kernel_shape=[2,2] strides=[2,2] | m
NonMaxSuppression | f![B,N,4] f![B,C,N] i?_<0:3> f?_{0.5} f?_{0..1} | center_point_box?=0..1 | m
Col2Im | T[N,C*4,4] i{3,3} i{2,2} | | a
Bernoulli | T*<0:1> | seed?~1..9 | r
Multinomial | f[N,C] | sample_size?=1..4 seed?~1..9 | r
RandomNormal RandomUniform | | shape=[1..3,0..3] seed?~1..9 | r
RandomNormalLike RandomUniformLike | T* | seed?~1..9 | r
StringConcat | s* s~ | | m
StringSplit | s* | delimiter?:a|, maxsplit?=0..2 | m 2
StringNormalizer | s[N] | case_change_action?:LOWER|UPPER|NONE | m
RegexFullMatch | s* | pattern:a+|[a-c]*|.*b | m
TfIdfVectorizer | I[N]<0:5> | mode:TF|IDF|TFIDF min_gram_length=1 max_gram_length=1 max_skip_count=0 ngram_counts=[0] ngram_indexes=[0,1,2] pool_int64s=[1,2,3] | m
SequenceConstruct | T* T~ T?~ | | m
SequenceEmpty | | dtype?=1 | m
SequenceAt | S I_<-1:0> | | m
SequenceInsert | S f* I?_{0} | | m
SequenceErase | S I?_{-1} | | m
SequenceLength | S | | m
ConcatFromSequence | S | axis=0 new_axis?=1 | m
SplitToSequence | T[N+1,M] I?_{1} | axis?=0 keepdims?=0..1 | m
SplitToSequence | T[N+1,M] I{1,N} | | m
Optional | T* | | m
OptionalHasElement | O | | m
OptionalHasElement | T?* | | m
OptionalGetElement | O | | m
QuantizeLinear com.microsoft:QuantizeLinear | f!* f_{2} u?_ | | m
QuantizeLinear | T![N,C] T[C]<1:2> j?[C] | axis?=1 | m
DequantizeLinear com.microsoft:DequantizeLinear | u* f_{0.5} u?_ | | a
DequantizeLinear | T[N,C] f[C] T?[C] | axis?=1 | a
DynamicQuantizeLinear | f!* | | m 3
NegativeLogLikelihoodLoss | T[N,C] I[N]<0:C-1> T?[C]<1:3> | reduction?:mean|sum|none | t
SoftmaxCrossEntropyLoss | T[N,C,D] I[N,D]<0:C-1> T?[C]<1:3> | reduction?:mean|sum|none | t 1..2
If Loop Scan SequenceMap | special | | a
ImageDecoder | no: its operand is a file's bytes; fuzz targets and tests/ops have it
Scatter Upsample | no: reading a file replaces them (their upgrade); the stored cases of old opsets have them
ai.onnx.ml:ArrayFeatureExtractor | f[N,M] i[A]<0:M-1> | | m
ai.onnx.ml:Binarizer | T!* | threshold~-1..1 | m
ai.onnx.ml:CastMap ai.onnx.ml:DictVectorizer | no: a map that no operator of the graph makes; recorded models have them
ai.onnx.ml:CategoryMapper | s* | cats_strings=['a','ab','c'] cats_int64s=[0,1,2] default_int64?=-1 | m
ai.onnx.ml:CategoryMapper | i* | cats_strings=['a','ab','c'] cats_int64s=[0,1,2] default_string?:none | m
ai.onnx.ml:FeatureVectorizer | f[N,A] f[N,B] | inputdimensions=[A,B] | m
ai.onnx.ml:Imputer | f![N,3] | imputed_value_floats~[1.5] replaced_value_float~0..1 | m
ai.onnx.ml:LabelEncoder | i* | keys_int64s=[1,2,3] values_floats~[0.5,1.5,2.5] default_float?~1..2 | m
ai.onnx.ml:LabelEncoder | s* | keys_strings=['a','b'] values_int64s=[4,5] | m
ai.onnx.ml:LinearClassifier | f![N,2] | coefficients~[1,2,-1,0.5,0,1] intercepts~[0,1,0.5] classlabels_ints=[0,1,2] post_transform?:NONE|SOFTMAX|LOGISTIC | m 2
ai.onnx.ml:LinearRegressor | f[N,2] | coefficients~[1,2] intercepts~[0.5] | a
ai.onnx.ml:Normalizer | f![N,M] | norm:MAX|L1|L2 | t
ai.onnx.ml:OneHotEncoder | i* | cats_int64s=[0,1,2] zeros?=1 | m
ai.onnx.ml:Scaler | f[N,2] | offset~[1,-1] scale~[2,0.5] | a
ai.onnx.ml:SVMRegressor | f[N,2] | coefficients~[1,-1] support_vectors~[1,0,0,1] n_supports=2 rho~[0.5] kernel_type:LINEAR|RBF kernel_params~[0.5,0,3] | t
ai.onnx.ml:SVMClassifier | f![N,2] | classlabels_ints=[0,1] coefficients~[1,-1] support_vectors~[1,0,0,1] vectors_per_class=[1,1] rho~[0.5] kernel_type:LINEAR|RBF kernel_params~[0.5,0,3] | m 2
ai.onnx.ml:TreeEnsembleRegressor | f![N,2] | nodes_treeids=[0,0,0] nodes_nodeids=[0,1,2] nodes_featureids=[0,0,0] nodes_modes=['BRANCH_LEQ','LEAF','LEAF'] nodes_values~[0.5,0,0] nodes_truenodeids=[1,0,0] nodes_falsenodeids=[2,0,0] target_treeids=[0,0] target_nodeids=[1,2] target_ids=[0,0] target_weights~[1,2] n_targets=1 | m
ai.onnx.ml:TreeEnsembleClassifier | f![N,2] | nodes_treeids=[0,0,0] nodes_nodeids=[0,1,2] nodes_featureids=[1,0,0] nodes_modes=['BRANCH_LEQ','LEAF','LEAF'] nodes_values~[0.5,0,0] nodes_truenodeids=[1,0,0] nodes_falsenodeids=[2,0,0] class_treeids=[0,0,0,0] class_nodeids=[1,1,2,2] class_ids=[0,1,0,1] class_weights~[0.75,0.25,0.25,0.75] classlabels_int64s=[0,1] | m 2
ai.onnx.ml:TreeEnsemble | no: tensor-valued attributes; recorded models of scikit-learn have it
ai.onnx.ml:ZipMap | f[N,3] | classlabels_int64s=[0,1,2] | m
ai.onnx.preview:FlexAttention | f[B,H,S,D] f[B,H,K,D] f[B,H,K,E] | scale?~0.1..1 | t
ai.onnx.preview.training:Adagrad | f_{0.5} i_<0:3> f[N] f[N] f[N]<0:3> | norm_coefficient?~0..1 decay_factor?~0..1 | t 2
ai.onnx.preview.training:Momentum | f_{0.5} i_<0:3> f[N] f[N] f[N] | alpha~0..1 beta~0..1 norm_coefficient~0..1 mode:standard|nesterov | t 2
ai.onnx.preview.training:Adam | f_{0.5} i_<0:3> f[N] f[N] f[N] f[N]<0:3> | alpha?~0..0.9 beta?~0..0.9 | t 3
com.microsoft:Attention | f[B,S,I] f[I,3*H*D] f[3*H*D] | num_heads=H unidirectional?=0..1 | t
com.microsoft:MultiHeadAttention | f[B,S,H*D] f[B,K,H*D] f[B,K,H*D] | num_heads=H | t
com.microsoft:DecoderMaskedMultiHeadAttention | f[B,1,H*D] f[B,1,H*D] f[B,1,H*D] | num_heads=H | t
com.microsoft:GroupQueryAttention | f[B,S,H*D*8] f[B,S,H*D*8] f[B,S,H*D*8] - - k[B]{S-1} k_{S} | num_heads=H kv_num_heads=H | t 3
com.microsoft:BiasAdd | f[N,S,C] f[C] f[N,S,C] | | a
com.microsoft:BiasGelu | f[N,C] f[C] | | t
com.microsoft:BiasSplitGelu | f[N,S,2*C] f[2*C] | | t
com.microsoft:CDist | T[N,K] T[M,K] | metric:euclidean|sqeuclidean | t
com.microsoft:CropAndResize | f[N,C,H+2,W+2] f![A,4]<0:1> k[A]<0:N-1> k{1..3,1..3} | mode?:bilinear|nearest | t
com.microsoft:DynamicQuantizeLSTM com.microsoft:DynamicQuantizeMatMul | no: they round by a scale that they find in data, where any two correct sums may differ; recorded cases have them
com.microsoft:EmbedLayerNormalization | k[B,S]<0:V-1> k?[B,S]<0:1> f[V,C] f[S,C] f?[2,C] f[C] f[C] | | t 2
com.microsoft:ExpandDims | T* k_<-1:0> | | m
com.microsoft:FastGelu | f+ f?[1] | | t
com.microsoft:Gelu com.microsoft:QuickGelu | f* | | t
com.microsoft:FusedConv | f[N,C,H+2,W+2] f[M,C,3,3] f?[M] | activation:Relu|Tanh|Sigmoid | t
com.microsoft:FusedGemm | f[N,K] f[K,M] f?[M] | activation:Relu|Tanh | t
com.microsoft:FusedMatMul com.microsoft:TransposeMatMul | f[K,N] f[K,M] | transA=1 alpha?~0.5..2 | a
com.microsoft:GatherBlockQuantized | u[N,16] I[A]<0:N-1> f[N,1] | block_size=32 bits=4 quantize_axis=1 gather_axis=0 | a
com.microsoft:GroupNorm | f[N,H,W,C*g] f[C*g] f[C*g] | groups=g activation=0..1 epsilon~0.01..0.1 | t
com.microsoft:SkipGroupNorm | f[N,H,W,C*g] f[C*g] f[C*g] f[N,H,W,C*g] | groups=g activation=0..1 epsilon~0.01..0.1 | t
com.microsoft:Inverse | f![N,A,A] | | t
com.microsoft:MatMulBnb4 | f[N,16] u[16*M] f[2*M] | K=16 N=M*2 block_size=16 quant_type=0..1 | a
com.microsoft:MatMulNBits | f[N,16] u[M,1,8] f[M] | K=16 N=M bits=4 block_size=16 | a
com.microsoft:MatMulNBits | f[N,32] u[M,2,8] f[M*2] u?[M] | K=32 N=M bits=4 block_size=16 | a
com.microsoft:MatMulIntegerToFloat | u[N,K] u[K,M] f_{0.5} f_{0.25} u?_<0:3> | | a
com.microsoft:MoE com.microsoft:QMoE | no: they choose experts by rounded numbers; recorded cases have them
com.microsoft:NhwcMaxPool | T[N,H+2,W+2,C] | kernel_shape=[1..2,2] strides?=[1..2,1] | m
com.microsoft:QAttention com.microsoft:QEmbedLayerNormalization | no: shapes of nine quantized operands; recorded cases have them
com.microsoft:PagedAttention | no: block tables and lengths that must agree; recorded cases have them
com.microsoft:QGemm | u[N,K] f_{0.5} u_ u[K,M] f_{0.25} u_ k?[M] f_{4} u_ | | m
com.microsoft:QLinearAdd com.microsoft:QLinearMul | u* f_{0.5} u_ u~ f_{0.25} u_ f_{2} u_ | | m
com.microsoft:QLinearAveragePool | u[N,C,H+2,W+2] f_{0.5} u_ f_{0.5} u_ | kernel_shape=[2,2] | m
com.microsoft:QLinearGlobalAveragePool | u[N,C,2,2] f_{0.5} u_ f_{0.5} u_ | | m
com.microsoft:QLinearConcat | f_{0.5} u_ u[N,A] f_{0.25} u_ u[N,B] f_{0.5} u_ | axis=1 | m
com.microsoft:QLinearLeakyRelu | u* f_{0.5} u_ f_{0.25} u_ | alpha~0.25..0.25 | m
com.microsoft:QLinearReduceMean | u[N,4] f_{0.5} u_ f_{0.25} u_ | axes=[1] | m
com.microsoft:QLinearSigmoid | u* f_{0.5} u_ f_{0.0078125} u_ | | m
com.microsoft:QLinearSoftmax | u+ f_{0.5} u_ f_{0.0078125} u_ | axis=-1 opset=13 | m
com.microsoft:QLinearWhere | b* u~ f_{0.5} u_ u~ f_{0.25} u_ f_{0.5} u_ | | m
com.microsoft:RotaryEmbedding | f[B,S,H*D*2] i[1]{0} f[S,D] f[S,D] | num_heads?=H interleaved?=0..1 | t
com.microsoft:SkipLayerNormalization | f[B,S,C] f[B,S,C] f[C] f?[C] f?[C] | epsilon~0.01..0.1 | t
com.microsoft:SkipSimplifiedLayerNormalization | f[B,S,C] f[B,S,C] f[C] f?[C] | epsilon~0.01..0.1 | t
com.microsoft:Tokenizer | s[N] | mark=0..1 pad_value:# separators=['b'] mincharnum=1 | m
com.microsoft:Unique | f![N] | | m 3
nacre:Attention | f[B,H,S,D] f[B,H,K,D] f[B,H,K,E] b?[B,1,S,K] f?[S,K] | scale?~0.1..1 | t
nacre:Linear | f[A,K] f[K,N] f?[N] f?[A,N] | activation?:relu|sigmoid|tanh | t
nacre:IntegerLinear | T[A,K] U[K,N] f_{0.5} f?_{0.25} T?_<0:3> V?_<0:3> f?[N] f?[A,N] | activation?:relu|sigmoid|tanh | t
nacre:IntegerConv | u[N,C,H+2,W+2] U[M,C,3,3] u?_<0:3> V?_<0:3> f?_{0.5} f?[M] f?[M] | activation?:relu|sigmoid|tanh | t
nacre:QLinearConvAdd | u[N,C,H+2,W+2] f_{0.5} u_ U[M,C,3,3] f_{0.25} V_{0} f_{4} u_ k?[M] U[N,M,H,W] f_{0.25} V_ f_{2} u_ | | m
nacre:Lookup | U* U[256] | | m
nacre:QLinearAdd nacre:QLinearMul | U* f_{0.5} u_ u~ f_{0.25} u_ f_{2} u_ | | m
nacre:QLinearAveragePool | u[N,C,H+2,W+2] f_{0.5} u_ f_{0.5} u_ | kernel_shape=[2,2] | m
nacre:QLinearGlobalAveragePool | u[N,C,2,2] f_{0.5} u_ f_{0.5} u_ | | m
nacre:Conv | f[N,C,H+2,W+2] f[M,C,3,3] f?[M] | activation?:relu|sigmoid | t
)";

}  // namespace nacre::test
