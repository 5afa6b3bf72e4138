package store

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/macaw-ai/macaw/internal/fault"
)

func TestBlobs(t *testing.T) {
	b := open(t, t.TempDir()).Blobs
	for _, content := range []string{"", "x", strings.Repeat("macaw", 100000)} {
		hash, n, err := b.Put(strings.NewReader(content))
		want := fmt.Sprintf("%x", sha256.Sum256([]byte(content)))
		if err != nil || hash != want || n != int64(len(content)) {
			t.Fatalf("Put = %s, %d, %v, want %s, %d", hash, n, err, want, len(content))
		}
		if again, err := b.PutBytes([]byte(content)); again != hash || err != nil {
			t.Errorf("PutBytes = %s, %v", again, err)
		}
		got, err := b.Read(hash, 1<<20)
		if err != nil || string(got) != content {
			t.Errorf("Read gives %d bytes, %v", len(got), err)
		}
	}
	if _, err := b.Read(fmt.Sprintf("%x", sha256.Sum256([]byte("x"))), 0); err == nil {
		t.Error("Read passes its limit")
	}
}

func TestBlobsRefuse(t *testing.T) {
	s := open(t, t.TempDir())
	for _, hash := range []string{"", "../../etc/passwd", strings.Repeat("0", 64), strings.Repeat("/", 64), strings.Repeat("A", 64)} {
		if s.Blobs.Has(hash) {
			t.Errorf("Has(%q)", hash)
		}
		if f, err := s.Blobs.Open(hash); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("Open(%q) = %v, %v, want NotFound", hash, f, err)
		}
	}
	want := errors.New("broken pipe")
	if _, _, err := s.Blobs.Put(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(want))); !errors.Is(err, want) {
		t.Errorf("Put = %v, want %v", err, want)
	}
	if left := filesIn(t, s.Blobs.dir, s.work); len(left) > 0 {
		t.Errorf("a failed Put leaves %v", left)
	}
}

func TestBlobsConcurrentPut(t *testing.T) {
	s := open(t, t.TempDir())
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			content := bytes.Repeat([]byte{byte(i % 4)}, 1<<16)
			hash, err := s.Blobs.PutBytes(content)
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := s.Blobs.Read(hash, 1<<20); err != nil || !bytes.Equal(got, content) {
				t.Errorf("Read gives %d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
	if got := filesIn(t, s.Blobs.dir); len(got) != 4 {
		t.Errorf("blobs = %v, want 4", got)
	}
}

func init() {
	children["put"] = func(string) {
		s, err := Open("")
		if err != nil {
			panic(err)
		}
		p := make([]byte, 3<<20)
		for i := 0; ; i++ {
			p[0], p[1], p[2] = byte(i), byte(i>>8), byte(os.Getpid())
			hash, err := s.Blobs.PutBytes(p)
			if err != nil {
				panic(err)
			}
			fmt.Println(hash)
		}
	}
}

// A process that is killed while it puts blobs leaves only whole ones, and the
// next process sweeps what it was writing.
func TestKilledPut(t *testing.T) {
	home := t.TempDir()
	for round := range 6 {
		cmd := child(t, "put", home)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range round + 1 {
			lines.Scan()
		}
		cmd.Process.Kill()
		cmd.Wait()
	}
	s := open(t, home)
	blobs := filesIn(t, s.Blobs.dir)
	if len(blobs) < 6 {
		t.Errorf("only %d blobs survive", len(blobs))
	}
	for _, path := range blobs {
		p, err := os.ReadFile(path)
		sum := sha256.Sum256(p)
		if err != nil || filepath.Base(path) != hex.EncodeToString(sum[:]) {
			t.Errorf("blob %s is broken: %d bytes, %v", path, len(p), err)
		}
	}
	if _, _, err := s.TempDir("x"); err != nil { // the first need of tmp sweeps
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(s.tmpDir())
	if len(entries) != 2 {
		t.Errorf("tmp holds %v, want this process's folder and lock", entries)
	}
}

func filesIn(t *testing.T, dirs ...string) []string {
	t.Helper()
	var files []string
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}
