package data_test

import (
	"context"
	"fmt"
	"os"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/store"
)

func ExampleImport() {
	home, err := os.MkdirTemp("", "home")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(home)
	st, err := store.Open(home)
	if err != nil {
		panic(err)
	}
	defer st.Close()

	v, err := data.Import(context.Background(), st, "../examples/digits", data.Options{})
	if err != nil {
		panic(err)
	}
	samples, err := v.Samples()
	if err != nil {
		panic(err)
	}
	images, err := v.Images()
	if err != nil {
		panic(err)
	}
	defer images.Close()
	first, err := images.Decode(0)
	if err != nil {
		panic(err)
	}
	fmt.Println(v.Ref(), v.Task, v.Count, "samples of", len(v.Classes), "classes")
	fmt.Println(samples[0].Path, "is", v.Classes[samples[0].Label], first.Width, "by", first.Height)
	// Output:
	// digits@1 image-classification 1797 samples of 10 classes
	// 0/0000.png is 0 8 by 8
}

func ExampleParseNumber() {
	for _, cell := range []string{"12.5", "1,234", "3 %", "?", "twelve"} {
		v, missing, err := data.ParseNumber(cell)
		fmt.Println(v, missing, err)
	}
	// Output:
	// 12.5 false <nil>
	// 1234 false <nil>
	// 3 false <nil>
	// NaN true <nil>
	// NaN false "twelve" is not a number
}
