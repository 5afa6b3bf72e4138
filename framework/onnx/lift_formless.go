package onnx

// formless says why operators have no form in a graph.
var formless = map[string]string{
	"Unique": "how many elements are left depends on values", "NonZero": "how many elements are left depends on values",
	"NonMaxSuppression": "how many boxes are left depends on values, and their numbers have no derivative",
	"MelWeightMatrix":   "it rounds frequencies to whole bins, which has no derivative; give its inputs as constants or in Fixed",
	"Bernoulli":         "it draws numbers, which have no derivative", "Multinomial": "it draws numbers, which have no derivative",
	trainingDomain + ".Adagrad": "it updates weights, which is the work of package optim", trainingDomain + ".Adam": "it updates weights, which is the work of package optim",
	trainingDomain + ".Momentum": "it updates weights, which is the work of package optim",
}
