package idx

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestHeader(t *testing.T) {
	dims, err := Header(bytes.NewReader([]byte{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 27, 9}))
	if err != nil || !slices.Equal(dims, []int{2, 28, 27}) {
		t.Errorf("dims %v, %v", dims, err)
	}
	for want, file := range map[string][]byte{
		"no IDX file":      {1, 0, 8, 1, 0, 0, 0, 0},
		"unsigned bytes":   {0, 0, 0xd, 1, 0, 0, 0, 0},
		"dimensions":       {0, 0, 8, 9},
		"ends too early":   {0, 0, 8, 2, 0, 0, 0, 1},
		"more than 4 Gi":   {0, 0, 8, 3, 0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff},
		"more than 4 Gi e": {0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff},
	} {
		if dims, err := Header(bytes.NewReader(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, %v; want %q", file, dims, err, want)
		}
	}
}

func TestLabels(t *testing.T) {
	labels, err := Labels(bytes.NewReader([]byte{0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4}))
	if err != nil || !slices.Equal(labels, []uint8{5, 0, 4}) {
		t.Errorf("labels %v, %v", labels, err)
	}
	for want, file := range map[string][]byte{
		"ends too early": {0, 0, 8, 1, 0x7f, 0, 0, 3, 5, 0, 4},
		"labels have":    {0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 1, 5, 0, 4},
	} {
		if labels, err := Labels(bytes.NewReader(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, %v; want %q", file, labels, err, want)
		}
	}
}

func TestIsName(t *testing.T) {
	for name, want := range map[string]bool{
		"train-images-idx3-ubyte": true, "t10k-labels.idx1-ubyte": true, "emnist-digits-train-images-idx3-ubyte": true,
		"images.idx": true, "train.csv": false, "index.html": false,
	} {
		if IsName(name) != want {
			t.Errorf("IsName(%q) = %v", name, !want)
		}
	}
}

func FuzzLabels(f *testing.F) {
	f.Add([]byte{0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4})
	f.Add([]byte{0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7})
	f.Fuzz(func(t *testing.T, file []byte) {
		labels, err := Labels(bytes.NewReader(file))
		if err == nil && len(labels)+8 > len(file) {
			t.Errorf("%d labels from %d bytes", len(labels), len(file))
		}
	})
}
