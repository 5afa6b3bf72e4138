package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMistakes lists flags and files that cannot be trained on and what the one
// sentence about each must name.
func TestMistakes(t *testing.T) {
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	long := file("long.txt", strings.Repeat("to be or not ", 300))
	for name, c := range map[string]struct {
		flags map[string]string
		path  string
		want  string
	}{
		"missing file":  {nil, filepath.Join(t.TempDir(), "none.txt"), "none.txt"},
		"empty file":    {nil, file("empty.txt", ""), "too short"},
		"ten letters":   {nil, file("ten.txt", "abcdefghij"), "too short"},
		"no time":       {map[string]string{"minutes": "0"}, long, "-minutes is 0"},
		"less than no":  {map[string]string{"minutes": "-1"}, long, "-minutes is -1"},
		"one character": {map[string]string{"context": "1"}, long, "-context is 1"},
		"no windows":    {map[string]string{"batch": "0"}, long, "-batch is 0"},
		"no rate":       {map[string]string{"rate": "0"}, long, "-rate is 0"},
		"all dropped":   {map[string]string{"dropout": "1"}, long, "-dropout is 1"},
		"less text":     {map[string]string{"sample": "-1"}, long, "-sample is -1"},
		"three heads":   {map[string]string{"heads": "3"}, long, "3 heads"},
		"no layers":     {map[string]string{"layers": "0"}, long, "0 layers"},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range c.flags {
				f := flag.Lookup(k)
				if err := flag.Set(k, v); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = flag.Set(k, f.DefValue) })
			}
			err := run(c.path)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one sentence with %q", err, c.want)
			}
		})
	}
}
