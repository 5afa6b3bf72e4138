package cpu

// largeTiles is the generic tier with the tiles of AVX-512: what is planned and
// packed for them can be tested on any processor,
// products of BFloat16 among it.
var largeTiles = func() tier {
	t := generic
	t.name, t.matrix = "generic with large tiles", goTiles(tileShape{12, 32, 16}, []int{4, 6, 8, 12}, 8, 16, 32)
	t.bfloatPairs = goBFloatPairs(t.tileShape)
	return t
}()

// withoutPairs is the best tier of a processor that multiplies no BFloat16.
func withoutPairs() *tier {
	t := *usable()[0]
	t.name, t.bfloatPairs = t.name+" without pairs", bfloatPairs{}
	return &t
}
