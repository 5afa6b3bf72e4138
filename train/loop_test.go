package train

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// numbers is a source of n samples, sample i being the number i plus noise.
type numbers int

func (n numbers) Len() int { return int(n) }

func (n numbers) Fill(batch []*tensor.Tensor, index []int, r *rand.Rand) {
	out := batch[0].Float32s()
	for row, i := range index {
		out[row] = float32(i)
		if r != nil {
			out[row] += r.Float32() / 2
		}
	}
}

// recorder is a stepper that computes nothing and remembers what it was given.
type recorder struct {
	batches [][]float32
	rates   []float32
	loss    func(step int) float64
	pause   time.Duration
	saved   int
	weights int // counts steps; stands for the weights
	closed  bool
}

func (s *recorder) step(batch []*tensor.Tensor, lr float32) (float64, error) {
	time.Sleep(s.pause)
	s.batches = append(s.batches, slices.Clone(batch[0].Float32s()))
	s.rates = append(s.rates, lr)
	s.weights++
	if s.loss == nil {
		return 1, nil
	}
	return s.loss(len(s.batches)), nil
}

func (s *recorder) averaged(f func() error) error { return f() }
func (s *recorder) settle() error                 { return nil }
func (s *recorder) save()                         { s.saved = s.weights }
func (s *recorder) restore() error                { s.weights = s.saved; return nil }
func (s *recorder) close()                        { s.closed = true }

func numbersConfig(n int) Config {
	return Config{Inputs: []Input{{Name: "x", DType: tensor.Float32}}, Source: numbers(n), Batch: 4, Epochs: 3, Seed: 7}
}

func record(t *testing.T, c Config, st *recorder) *Result {
	t.Helper()
	c = c.withDefaults()
	res, err := run(t.Context(), &c, st)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestRunGivesEverySampleOnceAnEpoch(t *testing.T) {
	st := &recorder{}
	res := record(t, numbersConfig(12), st)
	if res.Steps != 9 || res.Epochs != 3 {
		t.Fatalf("ran %d steps, %v epochs, want 9 and 3", res.Steps, res.Epochs)
	}
	var orders [][]int
	for epoch := range 3 {
		var seen []int
		for _, b := range st.batches[epoch*3 : epoch*3+3] {
			for _, v := range b {
				seen = append(seen, int(v))
			}
		}
		orders = append(orders, slices.Clone(seen))
		slices.Sort(seen)
		if !slices.Equal(seen, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) {
			t.Errorf("epoch %d saw %v", epoch, seen)
		}
	}
	if slices.Equal(orders[0], orders[1]) {
		t.Error("two epochs had the same order")
	}
}

func TestRunIsDeterministic(t *testing.T) {
	a, b, other := &recorder{}, &recorder{pause: time.Millisecond}, &recorder{}
	c := numbersConfig(13)
	record(t, c, a)
	record(t, c, b)
	c.Seed++
	record(t, c, other)
	for i := range a.batches {
		if !slices.Equal(a.batches[i], b.batches[i]) || a.rates[i] != b.rates[i] {
			t.Fatalf("step %d differs between two runs", i)
		}
	}
	if slices.Equal(a.batches[0], other.batches[0]) {
		t.Error("another seed gave the same batch")
	}
}

func TestWorkersDoNotChangeBatches(t *testing.T) {
	take := func(workers int) (out [][]float32) {
		c := numbersConfig(13).withDefaults()
		ctx, stop := context.WithCancel(t.Context())
		f, wait := startFeed(ctx, &c, workers, 0)
		defer wait()
		defer stop()
		for range 10 {
			b, give, err := f.take(ctx)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, slices.Clone(b[0].Float32s()))
			give()
		}
		return out
	}
	one, three := take(1), take(3)
	for i := range one {
		if !slices.Equal(one[i], three[i]) {
			t.Fatalf("batch %d is %v with one worker, %v with three", i, one[i], three[i])
		}
	}
}

func TestStepsReplay(t *testing.T) {
	c := numbersConfig(12)
	c.Steps, c.Time = 5, time.Nanosecond
	if res := record(t, c, &recorder{}); res.Steps != 5 {
		t.Errorf("ran %d steps, want 5", res.Steps)
	}
}

func TestTimeBoundsTheWholeLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := numbersConfig(12)
		c.Epochs, c.Time, c.Started = 1e6, 20*time.Second, time.Now()
		c.Evaluate = func(context.Context) (map[string]float64, error) {
			time.Sleep(time.Second)
			return map[string]float64{"val_loss": 1}, nil
		}
		st := &recorder{pause: 100 * time.Millisecond}
		record(t, c, st)
		if took := time.Since(c.Started); took > c.Time || took < c.Time*9/10 {
			t.Errorf("took %v of %v", took, c.Time)
		}
		if last := float64(st.rates[len(st.rates)-1]); last > 0.01*0.001 {
			t.Errorf("the last rate is %v, not annealed", last)
		}
	})
}

func TestStepsEndBeforeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := numbersConfig(12)
		c.Time = time.Hour
		if res := record(t, c, &recorder{pause: time.Second}); res.Steps != 9 {
			t.Errorf("ran %d steps, want 9", res.Steps)
		}
	})
}

func TestEvaluatesEvenlyAndAtTheEnd(t *testing.T) {
	c := numbersConfig(400)
	c.Epochs, c.Evaluations = 10, 5
	var shares []float64
	n := 0
	c.Evaluate = func(context.Context) (map[string]float64, error) {
		n++
		return map[string]float64{"val_loss": float64(n)}, nil
	}
	c.Report = func(p Progress) {
		if _, ok := p.Values["val_loss"]; ok {
			shares = append(shares, p.Share)
		}
	}
	record(t, c, &recorder{})
	want := []float64{0.02, 0.2, 0.4, 0.6, 0.8, 1}
	if len(shares) != len(want) {
		t.Fatalf("evaluated at %v, want about %v", shares, want)
	}
	for i, s := range shares {
		if math.Abs(s-want[i]) > 0.011 {
			t.Errorf("evaluation %d came at %v, want %v", i, s, want[i])
		}
	}
}

func TestPatienceGoesBackToTheBest(t *testing.T) {
	c := numbersConfig(40)
	c.Epochs, c.Evaluations, c.Patience = 10, 20, 3
	st := &recorder{}
	losses := map[int]float64{} // by weights
	c.Evaluate = func(context.Context) (map[string]float64, error) {
		losses[st.weights] = math.Abs(float64(st.weights) - 30)
		return map[string]float64{"val_loss": losses[st.weights]}, nil
	}
	res := record(t, c, st)
	if res.Steps >= 60 {
		t.Errorf("went on for %d steps", res.Steps)
	}
	for _, l := range losses {
		if l < res.Values["val_loss"] {
			t.Errorf("result has loss %v although %v was seen", res.Values["val_loss"], l)
		}
	}
	if st.weights != st.saved {
		t.Errorf("weights are those of step %d, the best were of %d", st.weights, st.saved)
	}
}

func TestDivergenceIsNoticed(t *testing.T) {
	c := numbersConfig(12).withDefaults()
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		st := &recorder{loss: func(step int) float64 { return map[bool]float64{true: bad, false: 1}[step == 3] }}
		if _, err := run(t.Context(), &c, st); !errors.Is(err, ErrDiverged) {
			t.Errorf("loss %v gave %v", bad, err)
		}
		if len(st.batches) != 3 {
			t.Errorf("stopped after %d steps, want 3", len(st.batches))
		}
	}
}

func TestCancel(t *testing.T) {
	c := numbersConfig(12)
	c.Epochs = 1e6
	c = c.withDefaults()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	st := &recorder{}
	st.loss = func(step int) float64 {
		if step == 20 {
			cancel(why)
		}
		return 1
	}
	if _, err := run(ctx, &c, st); !errors.Is(err, why) {
		t.Errorf("got %v, want the cause", err)
	}
	if len(st.batches) > 21 {
		t.Errorf("went on for %d steps", len(st.batches)-20)
	}
}

func TestOneCycle(t *testing.T) {
	for _, x := range []struct{ share, want float64 }{{0, 0.1}, {0.1, 0.55}, {0.2, 1}, {0.6, 0.5}, {1, 0}} {
		if got := oneCycle(x.share, 1, 0.2); math.Abs(got-x.want) > 1e-9 {
			t.Errorf("rate at %v is %v, want %v", x.share, got, x.want)
		}
	}
}

func TestConfigRefusesNonsense(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no samples": func(c *Config) { c.Source = numbers(0) },
		"epochs":     func(c *Config) { c.Epochs = -1 },
		"time":       func(c *Config) { c.Time = -1 },
		"warm":       func(c *Config) { c.Warm = 2 },
		"average":    func(c *Config) { c.EMA = 1 },
	} {
		c := numbersConfig(12)
		change(&c)
		if _, err := Loop(t.Context(), c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
