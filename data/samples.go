package data

import (
	"fmt"
)

// maxIndex bounds the bytes of a sample index that is read.
const maxIndex = 8 << 30

// Samples returns the samples in their order.
func (v *Version) Samples() ([]Sample, error) {
	samples, _, err := v.index()
	return samples, err
}

func (v *Version) index() ([]Sample, []entry, error) {
	p, err := v.blobs.Read(v.Manifest.Samples, maxIndex)
	if err != nil {
		return nil, nil, fmt.Errorf("read the samples of %s: %w", v.Ref(), err)
	}
	samples, entries, err := decodeIndex(p)
	if err == nil && len(samples) != v.Count {
		err = errBrokenIndex
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the samples of %s: %w", v.Ref(), err)
	}
	return samples, entries, nil
}

// InPart returns the indices of the samples of a part.
func InPart(samples []Sample, part Part) []int {
	var out []int
	for i := range samples {
		if samples[i].Part == part {
			out = append(out, i)
		}
	}
	return out
}
