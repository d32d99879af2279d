package iam_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
)

// runCloud serves a whole cloud on a free port until the test ends.
func runCloud(t *testing.T) (endpoint string) {
	t.Helper()
	return cloudtest.Run(t, cloud.Config{}).Endpoint()
}

func sdkConfig(endpoint, id, secret, token string) aws.Config {
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}, nil
		}),
	}
}

func apiCode(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

func TestGoSDK(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	endpoint := runCloud(t)
	rootConfig := sdkConfig(endpoint, "test", "test", "")
	admin, rootSTS := awsiam.NewFromConfig(rootConfig), sts.NewFromConfig(rootConfig)

	who, err := rootSTS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Arn != accountRoot || *who.Account != "123456789012" {
		t.Errorf("root is %s of %s", *who.Arn, *who.Account)
	}

	role, err := admin.CreateRole(ctx, &awsiam.CreateRoleInput{
		RoleName: aws.String("reader"), Path: aws.String("/team/"),
		AssumeRolePolicyDocument: aws.String(trustAWS(accountRoot)), Description: aws.String("reads <all> & more"),
	})
	if err != nil {
		t.Fatal(err)
	}
	policy := allowPolicy("iam:GetRole", *role.Role.Arn)
	if _, err := admin.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{
		RoleName: aws.String("reader"), PolicyName: aws.String("p"), PolicyDocument: &policy,
	}); err != nil {
		t.Fatal(err)
	}
	put, err := admin.GetRolePolicy(ctx, &awsiam.GetRolePolicyInput{RoleName: aws.String("reader"), PolicyName: aws.String("p")})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := url.QueryUnescape(*put.PolicyDocument); err != nil || text != policy {
		t.Errorf("policy %q (%v)", text, err)
	}

	session, err := rootSTS.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: role.Role.Arn, RoleSessionName: aws.String("sdk"), DurationSeconds: aws.Int32(900),
	})
	if err != nil {
		t.Fatal(err)
	}
	key := session.Credentials
	reader := sdkConfig(endpoint, *key.AccessKeyId, *key.SecretAccessKey, *key.SessionToken)
	who, err = sts.NewFromConfig(reader).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Arn != *session.AssumedRoleUser.Arn || *who.UserId != *session.AssumedRoleUser.AssumedRoleId {
		t.Errorf("the session is %s (%s), was given as %s (%s)", *who.Arn, *who.UserId,
			*session.AssumedRoleUser.Arn, *session.AssumedRoleUser.AssumedRoleId)
	}
	asReader := awsiam.NewFromConfig(reader)
	got, err := asReader.GetRole(ctx, &awsiam.GetRoleInput{RoleName: aws.String("reader")})
	if err != nil {
		t.Fatal(err)
	}
	if *got.Role.Description != "reads <all> & more" || *got.Role.MaxSessionDuration != 3600 || got.Role.CreateDate.IsZero() {
		t.Errorf("role %+v", got.Role)
	}
	_, err = asReader.ListRoles(ctx, &awsiam.ListRolesInput{})
	if apiCode(err) != "AccessDenied" || !strings.Contains(err.Error(), "because no identity-based policy allows the iam:ListRoles action") {
		t.Errorf("list as the reader: %v", err)
	}
	_, err = rootSTS.GetSessionToken(ctx, &sts.GetSessionTokenInput{})
	if err == nil {
		t.Error("GetSessionToken, which is not here, succeeded")
	}
	presigned, err := sts.NewPresignClient(sts.NewFromConfig(reader)).PresignGetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(ctx, presigned.Method, presigned.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = presigned.SignedHeader
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if text, err := io.ReadAll(reply.Body); err != nil || reply.StatusCode != http.StatusOK || !strings.Contains(string(text), "assumed-role/reader/sdk") {
		t.Errorf("presigned URL: %s %s (%v)", reply.Status, text, err)
	}
}

func TestGoSDKUsers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	endpoint := runCloud(t)
	admin := awsiam.NewFromConfig(sdkConfig(endpoint, "test", "test", ""))
	ann := aws.String("ann")
	if _, err := admin.CreateUser(ctx, &awsiam.CreateUserInput{UserName: ann}); err != nil {
		t.Fatal(err)
	}
	_, err := admin.CreateUser(ctx, &awsiam.CreateUserInput{UserName: ann})
	if exists := (*iamtypes.EntityAlreadyExistsException)(nil); !errors.As(err, &exists) {
		t.Errorf("second CreateUser: %v", err)
	}
	made, err := admin.CreateAccessKey(ctx, &awsiam.CreateAccessKeyInput{UserName: ann})
	if err != nil {
		t.Fatal(err)
	}
	own := sdkConfig(endpoint, *made.AccessKey.AccessKeyId, *made.AccessKey.SecretAccessKey, "")
	who, err := sts.NewFromConfig(own).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:iam::123456789012:user/ann" {
		t.Fatalf("ann is %+v (%v)", who, err)
	}
	_, err = admin.PutUserPolicy(ctx, &awsiam.PutUserPolicyInput{
		UserName: ann, PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Statement":{"Effect":"Allow","Action":"x","Resource":"*","Condition":{"Like":{}}}}`),
	})
	if bad := (*iamtypes.MalformedPolicyDocumentException)(nil); !errors.As(err, &bad) || strings.Count(err.Error(), "Statement.") != 2 {
		t.Errorf("bad policy: %v", err)
	}
	keys, err := admin.ListAccessKeys(ctx, &awsiam.ListAccessKeysInput{UserName: ann})
	if err != nil || len(keys.AccessKeyMetadata) != 1 || keys.AccessKeyMetadata[0].Status != iamtypes.StatusTypeActive {
		t.Errorf("keys %+v (%v)", keys, err)
	}
	_, err = admin.DeleteUser(ctx, &awsiam.DeleteUserInput{UserName: ann})
	if conflict := (*iamtypes.DeleteConflictException)(nil); !errors.As(err, &conflict) {
		t.Errorf("delete with a key: %v", err)
	}
	_, err = sts.NewFromConfig(sdkConfig(endpoint, "AKIANOBODYNOBODYNOBO", "x", "")).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if apiCode(err) != "InvalidClientTokenId" {
		t.Errorf("unknown key: %v", err)
	}
	_, err = sts.NewFromConfig(sdkConfig(endpoint, "test", "wrong", "")).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if apiCode(err) != "SignatureDoesNotMatch" {
		t.Errorf("wrong secret: %v", err)
	}
}
