package serve

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"os"
	"strconv"

	"github.com/macaw-ai/macaw/internal/fault"
)

// statusOf maps an error to the status and the sentence that the client gets.
func statusOf(err error) (int, string) {
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return http.StatusRequestEntityTooLarge, "The request is above the limit of " + strconv.FormatInt(tooLong.Limit, 10) + " bytes."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusGatewayTimeout, "The request took too long."
	case errors.Is(err, context.Canceled):
		return 499, "The request was cancelled." // as nginx says it; nobody reads it
	}
	switch fault.CodeOf(err) {
	case fault.Invalid:
		return http.StatusBadRequest, fault.MessageOf(err)
	case fault.NotFound:
		return http.StatusNotFound, fault.MessageOf(err)
	case fault.Conflict:
		return http.StatusConflict, fault.MessageOf(err)
	case fault.Unavailable:
		return http.StatusServiceUnavailable, fault.MessageOf(err)
	}
	return http.StatusInternalServerError, ""
}

// writeError answers with the protocol's error object.
func writeError(w http.ResponseWriter, r *http.Request, err error) {
	rec := recordOf(r)
	rec.err = err
	status, message := statusOf(err)
	if message == "" {
		message = "Internal error; the server's log has the request " + rec.id + "."
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	writeJSON(w, status, map[string]string{"error": message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	p, err := json.Marshal(v)
	if err != nil { // v is ours
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(p)+1))
	w.WriteHeader(status)
	w.Write(append(p, '\n')) // a client that has gone cannot be told
}

// number is a float32 in JSON, null when it is not finite.
type number float32

func (n number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float32(n))
}

// byClass is the probabilities by class, in the model's order.
type byClass struct {
	classes []string
	values  []float32
}

func (b byClass) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, class := range b.classes {
		if i > 0 {
			out = append(out, ',')
		}
		key, err := json.Marshal(class)
		if err != nil {
			return nil, err
		}
		value, err := number(b.values[i]).MarshalJSON()
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}'), nil
}
