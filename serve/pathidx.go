package serve

import (
	"bufio"
	"context"
	"io"

	"github.com/macaw-ai/macaw/data/idx"
	"github.com/macaw-ai/macaw/data/imagefile"
	"github.com/macaw-ai/macaw/data/source"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
)

// maxIDXSide bounds the width and height of the images in an IDX file.
const maxIDXSide = 1 << 14

// idxSource is the images of an IDX file: [N, height, width] grey or
// [N, height, width, 3] colour. A sample is called by its number from 0.
type idxSource struct{ file *source.File }

func (s *idxSource) predict(ctx context.Context, job *pathJob) error {
	f, err := s.file.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<16)
	dims, err := idx.Header(r)
	if err != nil {
		return fault.Errorf(fault.Invalid, "%s cannot be read: %w.", s.file.Path, err)
	}
	if len(dims) == 3 {
		dims = append(dims, 1)
	}
	if len(dims) != 4 || dims[3] != 1 && dims[3] != 3 || dims[1] < 1 || dims[2] < 1 || dims[1] > maxIDXSide || dims[2] > maxIDXSide {
		return fault.Errorf(fault.Invalid, "%s holds no images: its dimensions are %v.", s.file.Path, dims)
	}
	limit := min(job.p.BatchLimit(), max(1, (64<<20)/(dims[1]*dims[2]*dims[3])))
	for from := 0; from < dims[0]; from += limit {
		samples := make([]model.Sample, min(limit, dims[0]-from))
		for i := range samples {
			pix := make([]uint8, dims[1]*dims[2]*dims[3])
			if _, err := io.ReadFull(r, pix); err != nil {
				return fault.Errorf(fault.Invalid, "%s ends after %d of %d images.", s.file.Path, from+i, dims[0])
			}
			samples[i].Image = &imagefile.Image{Width: dims[2], Height: dims[1], Channels: dims[3], Pix: pix}
		}
		if err := job.predict(ctx, samples, make([]error, len(samples)), func(i int) string { return itoa(from + i) }); err != nil {
			return err
		}
	}
	return nil
}
