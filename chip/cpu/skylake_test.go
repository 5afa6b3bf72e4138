//go:build amd64 && !purego

package cpu

// skylake is the tier of AVX-512 on a processor without its later extensions.
var skylake = func() tier {
	t := avx512
	t.name, t.integers, t.bfloatPairs = "avx512 of Skylake", avx2Integers, bfloatPairs{}
	return t
}()

func init() { testTiers = append(testTiers, &skylake) }
