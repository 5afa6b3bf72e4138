// Package optim trains: it adds the updates of a model's variables to a graph
// and offers learning-rate schedules as pure functions of the step.
package optim
