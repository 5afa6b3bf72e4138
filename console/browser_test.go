package console_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/console"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/produce"
	"github.com/macaw-ai/macaw/serve"
	"github.com/macaw-ai/macaw/train"

	_ "github.com/macaw-ai/macaw/toolbox/tabular"
	_ "github.com/macaw-ai/macaw/toolbox/text"
	_ "github.com/macaw-ai/macaw/toolbox/vision"
)

// squares writes pictures of two classes: bright above, or bright below.
func squares(t *testing.T, dir string) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for _, class := range []string{"above", "below"} {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			m := image.NewGray(image.Rect(0, 0, 8, 8))
			for y := range 8 {
				for x := range 8 {
					v := r.IntN(90)
					if (y < 4) == (class == "above") {
						v += 150
					}
					m.SetGray(x, y, color.Gray{Y: uint8(v)})
				}
			}
			var b bytes.Buffer
			if err := png.Encode(&b, m); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, class, string(rune('a'+i/26))+string(rune('a'+i%26))+".png"), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func device(threads int) chip.Device { return cpu.New(cpu.Options{Threads: threads}) }

// site is a server with console and models over a home in which two models were made.
func site(t *testing.T) (base string, st *store.Store) {
	t.Helper()
	st, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	pictures := filepath.Join(t.TempDir(), "squares")
	squares(t, pictures)
	for _, path := range []string{pictures, "../examples/penguins"} {
		if _, err := produce.Make(t.Context(), st, produce.Options{Path: path, Trials: 3, Seed: 1, Device: device, Version: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	c, err := console.New(console.Options{Store: st, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := serve.New(serve.Options{Device: device(2), Mount: c.Register}, model.NewRegistry(st))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		<-done
		s.Close()
	})
	return "http://" + ln.Addr().String(), st
}

// browser starts a headless Chromium, or skips where none is installed.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed; ./check installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 1000),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(alloc)
	ctx, cancelTime := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(func() { cancelTime(); cancel(); cancelAlloc() })
	return ctx
}

// TestConsoleInChromium walks through the console as a user would.
func TestConsoleInChromium(t *testing.T) {
	base, st := site(t)
	ctx := browser(t)
	run := func(what string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	text := func(what, selector string) string {
		t.Helper()
		s, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(selector)))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return s
	}
	screenshot := func(name string) {
		dir := os.Getenv("MACAW_SCREENSHOTS")
		if dir == "" {
			return
		}
		run(name, chromedp.Sleep(400*time.Millisecond))
		b, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".png"), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}

	run("overview", chromedp.Navigate(base), chromedp.WaitVisible(chromedp.CSS("main")))
	if got := text("overview", "main"); !strings.Contains(got, "penguins@1") || !strings.Contains(got, "squares@1") {
		t.Errorf("the overview shows %q", got)
	}
	screenshot("overview")

	run("keyboard", chromedp.KeyEvent("g"), chromedp.KeyEvent("d"), chromedp.WaitVisible(chromedp.CSS(`a[href="/datasets/squares@1"]`)))
	run("dataset", chromedp.Click(chromedp.CSS(`a[href="/datasets/squares@1"]`)), chromedp.WaitVisible(chromedp.CSS(".thumbs img")))
	natural, err := chromedp.Run(ctx, chromedp.Poll[int](`document.querySelector(".thumbs img").naturalWidth`))
	if err != nil || natural != 8 {
		t.Errorf("a thumbnail is %d pixels wide, want the sample's 8", natural)
	}
	screenshot("dataset")

	run("run", chromedp.Navigate(base+"/runs"), chromedp.Click(chromedp.CSS(`tbody a[href^="/runs/"]`)), chromedp.WaitVisible(chromedp.CSS("#state .badge")))
	if got := text("run", "#state"); !strings.Contains(got, "done") {
		t.Errorf("the run shows %q", got)
	}
	run("image run", chromedp.Navigate(base+"/models/squares@1"), chromedp.WaitVisible(chromedp.CSS(".matrix")),
		chromedp.WaitVisible(chromedp.CSS(".u-wrap canvas")))
	screenshot("model")

	run("try a sample", chromedp.Click(chromedp.CSS("button.sample")), chromedp.WaitVisible(chromedp.CSS("#answer h3")))
	if got := text("answer", "#answer h3"); !strings.HasPrefix(got, "above") && !strings.HasPrefix(got, "below") {
		t.Errorf("the answer to a picture is %q", got)
	}
	run("try a row", chromedp.Navigate(base+"/models/penguins@1"), chromedp.Click(chromedp.CSS(`#try button[type="submit"]`)), chromedp.WaitVisible(chromedp.CSS("#answer h3")))
	if got := text("answer", "#answer h3"); !strings.HasPrefix(got, "Adelie") {
		t.Errorf("the first penguin is %q, want Adelie", got)
	}

	run("dark", chromedp.Click(chromedp.CSS("#theme")))
	theme, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.documentElement.dataset.theme`))
	if err != nil || theme != "dark" {
		t.Errorf("the theme is %q after switching", theme)
	}
	screenshot("dark")

	live(t, ctx, base, st)
}

// live checks that a page of a run that goes on shows new points without a reload.
func live(t *testing.T, ctx context.Context, base string, st *store.Store) {
	t.Helper()
	runs := train.NewRuns(st)
	o, err := runs.Begin(t.Context(), train.Run{Name: "live", SearchKey: "live", Metric: "accuracy", BudgetSeconds: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer o.End()
	if err := chromedp.Do(ctx, chromedp.Navigate(base+"/runs/"+o.Run.ID), chromedp.WaitVisible(chromedp.CSS(".badge.running"))); err != nil {
		t.Fatal(err)
	}
	points := []train.Point{{Trial: 1, Step: 1, Name: "loss", Value: 2}, {Trial: 1, Step: 2, Name: "loss", Value: 1}}
	if err := runs.AddPoints(t.Context(), o.Run.ID, points); err != nil {
		t.Fatal(err)
	}
	if err := runs.AddTrial(t.Context(), train.Trial{Run: o.Run.ID, Number: 1, Recipe: "late-recipe", Status: train.Running}); err != nil {
		t.Fatal(err)
	}
	for what, condition := range map[string]string{
		"trial": `document.querySelector("#state").innerText.includes("late-recipe")`,
		"curve": `document.querySelectorAll(".u-wrap canvas").length > 0`,
	} {
		if _, err := chromedp.Run(ctx, chromedp.Poll[bool](condition, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
			t.Errorf("the live page did not show the new %s: %v", what, err)
		}
	}
}

// Pages of things that do not exist say so, and nothing is looked up outside the home.
func TestMissingPages(t *testing.T) {
	st, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	c, err := console.New(console.Options{Store: st})
	if err != nil {
		t.Fatal(err)
	}
	h := c.Handler()
	for path, want := range map[string]int{
		"/": 200, "/datasets": 200, "/runs": 200, "/models": 200, "/static/macaw.css": 200, "/static/htmx.min.js": 200,
		"/models/none": 404, "/models/none@3": 404, "/models/..%2f..%2fetc": 404, "/models/%2Fetc": 404, "/runs/none": 404, "/runs/none/curves/loss": 404, "/datasets/none": 404,
		"/datasets/none/samples/1": 404, "/static/../console.go": 404, "/elsewhere": 404,
	} {
		r, err := http.NewRequest("GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want && !(want == 404 && w.Code >= 300 && w.Code < 500) {
			t.Errorf("%s: status %d, want %d: %s", path, w.Code, want, w.Body.String())
		}
		if bytes.Contains(w.Body.Bytes(), []byte("goroutine ")) {
			t.Errorf("%s shows a stack trace", path)
		}
	}
}
