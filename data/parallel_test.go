package data

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestInOrder(t *testing.T) {
	defer goleak.VerifyNone(t)
	items := make([]int, 500)
	for i := range items {
		items[i] = i
	}
	slow := func(i int) int {
		if i%50 == 0 {
			time.Sleep(time.Millisecond)
		}
		return 2 * i
	}
	var got []int
	err := inOrder(t.Context(), items, slow, func(i, r int) error {
		if r != 2*i {
			t.Errorf("%d gave %d", i, r)
		}
		got = append(got, i)
		return nil
	})
	if err != nil || !slices.Equal(got, items) {
		t.Errorf("%d results, %v", len(got), err)
	}

	stop := errors.New("stop")
	taken := 0
	err = inOrder(t.Context(), items, slow, func(i, r int) error {
		if taken++; i == 123 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || taken != 124 {
		t.Errorf("%v after %d", err, taken)
	}

	ctx, cancel := context.WithCancel(t.Context())
	err = inOrder(ctx, items, func(i int) int {
		if i == 100 {
			cancel()
		}
		if i > 100 {
			<-ctx.Done()
		}
		return i
	}, func(i, r int) error { return nil })
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := inOrder(t.Context(), nil, slow, nil); err != nil {
		t.Error(err)
	}
}
