package chaos

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// reservation is a function's reserved concurrency while faults hold it at
// none. Overlapping faults share it: the first remembers what was, the last
// restores it.
type reservation struct {
	holders int
	before  *int32 // nil: none was reserved
}

// throttleFunction reserves no concurrency for a function, so that every
// invocation is answered TooManyRequestsException, as an operator would do it
// on AWS.
func (e *Engine) throttleFunction(ctx, settle context.Context, f Planned) error {
	if err := e.reserveNone(settle, f.On.Name); err != nil {
		return err
	}
	_ = e.cfg.Clock.Sleep(ctx, f.For) // ctx's end only ends the fault early
	return e.restoreReserved(settle, f.On.Name)
}

func (e *Engine) reserveNone(ctx context.Context, name string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r := e.held[name]; r != nil {
		r.holders++
		return nil
	}
	before, err := e.cfg.Lambda.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: aws.String(name)})
	if err != nil {
		return fmt.Errorf("ask for the reserved concurrency of %s: %w", name, err)
	}
	_, err = e.cfg.Lambda.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{
		FunctionName: aws.String(name), ReservedConcurrentExecutions: aws.Int32(0),
	})
	if err != nil {
		return fmt.Errorf("reserve no concurrency for %s: %w", name, err)
	}
	e.held[name] = &reservation{holders: 1, before: before.ReservedConcurrentExecutions}
	return nil
}

func (e *Engine) restoreReserved(ctx context.Context, name string) (err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.held[name]
	if r.holders--; r.holders > 0 {
		return nil
	}
	delete(e.held, name)
	if r.before == nil {
		_, err = e.cfg.Lambda.DeleteFunctionConcurrency(ctx, &lambda.DeleteFunctionConcurrencyInput{FunctionName: aws.String(name)})
	} else {
		_, err = e.cfg.Lambda.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{
			FunctionName: aws.String(name), ReservedConcurrentExecutions: r.before,
		})
	}
	if err != nil {
		return fmt.Errorf("restore the reserved concurrency of %s: %w", name, err)
	}
	return nil
}
