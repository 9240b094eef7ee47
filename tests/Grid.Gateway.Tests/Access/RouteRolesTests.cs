using Grid.Gateway.Access;
using Grid.Gateway.Http;

namespace Grid.Gateway.Tests.Access;

public sealed class RouteRolesTests
{
    [Theory]
    [InlineData("GET", "/")]
    [InlineData("GET", "/health/live")]
    [InlineData("HEAD", "/health/ready")]
    [InlineData("GET", "/health")]
    [InlineData("HEAD", "/ping")]
    [InlineData("GET", "/dashboard/main.js")]
    [InlineData("GET", "/openapi/v1.json")]
    public void What_holds_no_data_is_open(string method, string path) => Assert.True(RouteRoles.Of(method, path).IsOpen);

    [Theory]
    [InlineData("GET", "/v1/latest/A", AccessRole.Read)]
    [InlineData("GET", "/v1/stream", AccessRole.Read)]
    [InlineData("HEAD", "/v1/status", AccessRole.Read)]
    [InlineData("GET", "/metrics", AccessRole.Read)]
    [InlineData("GET", "/HEALTH/live", AccessRole.Read)]
    [InlineData("GET", "/healthy", AccessRole.Read)]
    [InlineData("GET", "/dashboard", AccessRole.Read)]
    [InlineData("GET", "/settings/more", AccessRole.Read)]
    [InlineData("GET", "", AccessRole.Admin)]
    [InlineData("GET", "/v1/admin/backup", AccessRole.Admin)]
    [InlineData("POST", "/write", AccessRole.Feed)]
    [InlineData("POST", "/api/v2/write", AccessRole.Feed)]
    [InlineData("POST", "/v1/events", AccessRole.Feed)]
    [InlineData("POST", "/Write", AccessRole.Feed)]
    [InlineData("POST", "/health/live", AccessRole.Admin)]
    [InlineData("PUT", "/v1/instruments", AccessRole.Admin)]
    [InlineData("DELETE", "/v1/anything", AccessRole.Admin)]
    [InlineData("OPTIONS", "/v1/latest", AccessRole.Admin)]
    [InlineData("get", "/v1/latest", AccessRole.Admin)]
    public void All_else_needs_a_role(string method, string path, object role) =>
        Assert.Equal(new RouteNeed(false, (AccessRole)role), RouteRoles.Of(method, path));
}
