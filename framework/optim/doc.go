// Package optim trains: it adds the updates of a model's variables to a graph
// and offers learning-rate schedules as pure functions of the step.
//
// Apply is where to begin: it takes a loss, a float32 scalar, the variables, a Rule
// such as AdamW, and the learning rate as a node of shape [1], which a Schedule
// feeds. Options clip, average and group variables, Accumulate spreads a step
// over several batches. Moments have the shape of their variable but for
// Adafactor's second ones of matrices, a row and a column.
package optim
