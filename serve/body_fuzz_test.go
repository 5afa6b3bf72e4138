package serve

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/macaw-ai/macaw/model"
)

// Whatever is sent to POST /predict becomes samples that can be encoded, or is
// the client's mistake.
func FuzzBody(f *testing.F) {
	kinds := []string{"", "application/json", "application/x-www-form-urlencoded", "text/csv", "text/plain", "multipart/form-data; boundary=x"}
	for _, s := range []string{
		`{"Width (cm)": 1, "colour": "red"}`, `[{"colour":null},{"Width (cm)":"?"}]`, `"text"`, `[1,[2]]`, "Width (cm),colour\n1,red\n", "a=1&colour=red",
		"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\ncolour\nred\nblue\n\r\n--x--\r\n",
		"--x\r\nContent-Disposition: form-data; name=\"colour\"\r\n\r\nred\r\n--x--\r\n", "P5 2 2 255\nabcd",
	} {
		for k := range kinds {
			f.Add(byte(k), []byte(s))
		}
	}
	var cards []model.Card
	for _, b := range []build{flowers, shades, mails} {
		_, card := b()
		cards = append(cards, card)
	}
	s := &Server{o: Options{MaxPixels: 1 << 16, MaxRows: 100}.withDefaults()}
	f.Fuzz(func(t *testing.T, kind byte, body []byte) {
		for i := range cards {
			r := httptest.NewRequest("POST", "/predict", bytes.NewReader(body))
			r.Header.Set("Content-Type", kinds[int(kind)%len(kinds)])
			req, err := s.readSamples(r, &cards[i])
			if err != nil {
				if status, message := statusOf(err); status != http.StatusBadRequest || message == "" {
					t.Errorf("%s: error %v answers %d", cards[i].Name, err, status)
				}
				continue
			}
			if len(req.samples) == 0 || req.single && len(req.samples) != 1 {
				t.Errorf("%s: %d samples, single %v", cards[i].Name, len(req.samples), req.single)
			}
			cards[i].Encode(req.samples, 16)
		}
	})
}
