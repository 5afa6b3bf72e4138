// Package gbdt grows gradient-boosted decision trees over histograms.
//
// Columns are quantised once into at most 255 bins and a bin for missing values.
// Each round quantises gradients and hessians to integers with stochastic
// rounding and packs them, with a count of rows, into one 64-bit word, so that a
// histogram costs one integer addition per row and column, the histogram of a
// child is its parent's less its sibling's without error, and the result does
// not depend on the number of threads. Leaves are then weighted from the
// gradients as they were.
//
// Sources: Friedman 2001, "Greedy function approximation"; Ke et al. 2017,
// "LightGBM"; Shi et al. 2022, arXiv:2207.09682 (quantised training).
package gbdt
