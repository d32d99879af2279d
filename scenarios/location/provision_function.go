package location

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"golang.org/x/sync/errgroup"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/offers"
)

const (
	functionMemoryMB = 256 // also sets the CPU share on AWS
	// roleSettleMax is how long a refusal of the fresh role is retried: IAM is
	// eventually consistent.
	roleSettleMax = 10 * time.Second
)

// function creates the function, or brings an existing one up to date, and
// waits until it can be invoked.
func (p *provisioner) function(ctx context.Context) error {
	want := p.functionInput()
	have, err := p.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: want.FunctionName})
	var absent *types.ResourceNotFoundException
	switch {
	case errors.As(err, &absent):
		err = p.settleRole(ctx, func() error {
			_, err := p.lambda.CreateFunction(ctx, want)
			return err
		})
		if err != nil {
			return fmt.Errorf("create function %s: %w", FunctionName, err)
		}
	case err != nil:
		return fmt.Errorf("look for function %s: %w", FunctionName, err)
	default:
		if err := p.updateFunction(ctx, have.Configuration, want); err != nil {
			return err
		}
	}
	return p.functionReady(ctx)
}

func (p *provisioner) functionInput() *lambda.CreateFunctionInput {
	code := p.env.Function(FunctionName)
	in := &lambda.CreateFunctionInput{
		FunctionName: aws.String(FunctionName),
		Runtime:      types.RuntimeProvidedal2023,
		Handler:      aws.String("bootstrap"), // ignored by provided runtimes, demanded by the API
		Role:         aws.String(p.env.RoleARN(componentRole)),
		Timeout:      aws.Int32(int32(functionMax / time.Second)),
		MemorySize:   aws.Int32(functionMemoryMB),
		Description:  aws.String(packageOf(code)),
		Environment:  &types.Environment{Variables: map[string]string{offers.StreamVar: OffersStream}},
		Code:         &types.FunctionCode{},
	}
	if code.S3Bucket != "" {
		in.Code.S3Bucket, in.Code.S3Key = aws.String(code.S3Bucket), aws.String(code.S3Key)
	} else {
		in.Code.ZipFile = code.ZipFile
	}
	return in
}

// packageOf names a package on S3 in the function's description, so that a later
// provision sees whether another one is wanted. It takes for granted that a new
// package comes under a new key.
func packageOf(code scenario.FunctionCode) string {
	if code.S3Bucket == "" {
		return "weir scenario location"
	}
	return "weir scenario location, from s3://" + code.S3Bucket + "/" + code.S3Key
}

// updateFunction changes only what differs.
func (p *provisioner) updateFunction(ctx context.Context, have *types.FunctionConfiguration, want *lambda.CreateFunctionInput) error {
	var environment map[string]string
	if have.Environment != nil {
		environment = have.Environment.Variables
	}
	if aws.ToString(have.Role) != *want.Role || aws.ToString(have.Description) != *want.Description || aws.ToInt32(have.Timeout) != *want.Timeout ||
		aws.ToInt32(have.MemorySize) != *want.MemorySize || !maps.Equal(environment, want.Environment.Variables) {
		_, err := p.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
			FunctionName: want.FunctionName, Role: want.Role, Timeout: want.Timeout,
			MemorySize: want.MemorySize, Environment: want.Environment, Description: want.Description,
		})
		if err != nil {
			return fmt.Errorf("update configuration of function %s: %w", FunctionName, err)
		}
		if err := p.functionReady(ctx); err != nil {
			return err
		}
	}
	same := aws.ToString(have.Description) == *want.Description
	if want.Code.S3Bucket == nil {
		sum := sha256.Sum256(want.Code.ZipFile)
		same = base64.StdEncoding.EncodeToString(sum[:]) == aws.ToString(have.CodeSha256)
	}
	if same {
		return nil
	}
	_, err := p.lambda.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{
		FunctionName: want.FunctionName, ZipFile: want.Code.ZipFile,
		S3Bucket: want.Code.S3Bucket, S3Key: want.Code.S3Key,
	})
	if err != nil {
		return fmt.Errorf("update code of function %s: %w", FunctionName, err)
	}
	return nil
}

func (p *provisioner) functionReady(ctx context.Context) error {
	return p.wait(ctx, "function "+FunctionName+" to be active", func() (bool, error) {
		out, err := p.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String(FunctionName)})
		if err != nil {
			return false, err
		}
		c := out.Configuration
		if c.State == types.StateFailed || c.LastUpdateStatus == types.LastUpdateStatusFailed {
			return false, fmt.Errorf("it failed: %s%s", aws.ToString(c.StateReason), aws.ToString(c.LastUpdateStatusReason))
		}
		return c.State == types.StateActive && c.LastUpdateStatus != types.LastUpdateStatusInProgress, nil
	})
}

// tryFunction invokes the function with an empty batch, as often at a time as
// there are shards. A function that cannot start fails the deployment instead of
// the first signups, and an execution environment per shard is warm for them.
func (p *provisioner) tryFunction(ctx context.Context, shards int) error {
	group, ctx := errgroup.WithContext(ctx)
	for range shards {
		group.Go(func() error {
			out, err := p.lambda.Invoke(ctx, &lambda.InvokeInput{
				FunctionName: aws.String(FunctionName), Payload: []byte(`{"Records":[]}`), LogType: types.LogTypeTail,
			})
			if err != nil {
				return fmt.Errorf("try function %s: %w", FunctionName, err)
			}
			if out.FunctionError != nil {
				return fmt.Errorf("try function %s: it answered %s: %s; its log: %s",
					FunctionName, *out.FunctionError, out.Payload, logTail(out.LogResult))
			}
			return nil
		})
	}
	return group.Wait()
}

// logTail decodes what Invoke returns of the log; a log that cannot be decoded
// is shown as it is.
func logTail(encoded *string) string {
	text, err := base64.StdEncoding.DecodeString(aws.ToString(encoded))
	if err != nil {
		return aws.ToString(encoded)
	}
	return strings.TrimSpace(string(text))
}

// settleRole repeats do while Lambda says that it cannot use the role yet.
func (p *provisioner) settleRole(ctx context.Context, do func() error) error {
	deadline := p.wall.Now().Add(roleSettleMax)
	for {
		err := do()
		var invalid *types.InvalidParameterValueException
		if err == nil || !errors.As(err, &invalid) || !strings.Contains(strings.ToLower(invalid.ErrorMessage()), "role") ||
			p.wall.Now().After(deadline) {
			return err
		}
		if err := p.wall.Sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
}
