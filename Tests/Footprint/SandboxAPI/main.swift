// A program that embeds SandboxAPI alone: it lists the lab's sandboxes.
import HTTPTransport
import SandboxAPI

let lab = SandboxClient.Configuration(url: "https://lab:3443", username: "ci", password: Secret("secret"))
for sandbox in try await SandboxClient(lab, httpClient: CurlHTTPClient()).sandboxes() {
    print(sandbox.id, sandbox.name, sandbox.state)
}
