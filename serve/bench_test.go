package serve

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkPredict measures POST /predict over loopback at several numbers of
// clients, with the latency's median and 99th percentile.
func BenchmarkPredict(b *testing.B) {
	for _, c := range []struct {
		name  string
		build build
		kind  string
		body  []byte
	}{
		{"row", flowers, "application/json", []byte(`{"Width (cm)":1.5,"colour":"red"}`)},
		{"image", shades, "image/png", pngOf(b, 32, 100)},
	} {
		for _, clients := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/clients=%d", c.name, clients), func(b *testing.B) {
				r := start(b, Options{}, registryOf(b, c.build))
				load(b, r.url+"/predict", c.kind, c.body, clients)
			})
		}
	}
}

// load sends b.N requests from several clients.
func load(b *testing.B, url, kind string, body []byte, clients int) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	took := make([]time.Duration, b.N)
	next := make(chan int)
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for i := range next {
				start := time.Now()
				resp, err := client.Post(url, kind, bytes.NewReader(body))
				if err != nil {
					b.Error(err)
					continue
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != 200 {
					b.Errorf("status %d", resp.StatusCode)
				}
				took[i] = time.Since(start)
			}
		})
	}
	b.ResetTimer()
	for i := range b.N {
		next <- i
	}
	close(next)
	wg.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
