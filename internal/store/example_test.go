package store_test

import (
	"fmt"
	"os"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
)

func ExampleOpen() {
	home, err := os.MkdirTemp("", "macaw")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(home)
	st, err := store.Open(home)
	if err != nil {
		panic(err)
	}
	defer st.Close()

	hash, err := st.Blobs.PutBytes([]byte("macaw"))
	fmt.Println(hash[:8], st.Blobs.Has(hash), err)

	lock, err := st.TryLock("search")
	if err != nil {
		panic(err)
	}
	_, err = st.TryLock("search")
	fmt.Println(fault.CodeOf(err))
	lock.Unlock()
	// Output:
	// 70fcded3 true <nil>
	// conflict
}
