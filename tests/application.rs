//! What lies around the instances of a project: mounts, the clients that belong to them, and for whom they are.

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::config::Config;
use git_auth_review::engine;
use git_auth_review::finding::Location;
use git_auth_review::project::application::{Audience, Partners, Route};
use git_auth_review::project::{Client, ProjectModel, Role, Server};
use git_auth_review::report::{Style, inspect};
use git_auth_review::source::{MemorySnapshot, Site};

const AUTH: (&str, &str) = (
    "src/auth.ts",
    "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth({ baseURL: \"https://a.example\" });",
);

fn model_with(config: &str, files: &[(&str, &str)]) -> ProjectModel {
    let config = Config::parse(config).expect("a valid configuration");
    engine::model(&MemorySnapshot::new(files.to_vec()), &config, None, &MemoryStore::default())
}

fn model(files: &[(&str, &str)]) -> ProjectModel {
    model_with("", files)
}

fn package(dependencies: &[&str]) -> String {
    let entries: Vec<String> = dependencies.iter().map(|name| format!("\"{name}\": \"*\"")).collect();
    format!("{{ \"name\": \"app\", \"dependencies\": {{ \"better-auth\": \"^1.7.0\", {} }} }}", entries.join(", "))
        .replace(", }", " }")
}

/// Framework and route of every mount: `Hono /api/auth/*`, `…/*` where only the end is known, `-` for the base path.
fn mounts(server: &Server) -> Vec<String> {
    let name = |mount: &git_auth_review::project::application::Mount| {
        let framework = mount.framework.map_or("?", |framework| &framework.name);
        let route = match &mount.route {
            Route::Whole(path) => path.clone(),
            Route::End(path, _) => format!("…{path}"),
            Route::Any => "-".into(),
            Route::Unknown(_) => "?".into(),
        };
        format!("{framework} {route}")
    };
    server.mounts.iter().map(name).collect()
}

fn audiences(server: &Server) -> Vec<Audience> {
    server.contexts.iter().map(|context| context.audience).collect()
}

/// The files of the servers a client is linked to; why it is not, otherwise.
fn partners(client: &Client) -> Result<Vec<&str>, &str> {
    match &client.partners {
        Partners::Servers { at, .. } => Ok(at.iter().map(|site| &*site.file).collect()),
        Partners::Elsewhere(why) => Err(why),
        Partners::Undetermined(why) => Err(why),
    }
}

#[test]
fn handlers_are_found_in_every_framework() {
    let cases: &[(&[&str], &str, &str, &str)] = &[
        (
            &["next"],
            "src/app/api/auth/[...all]/route.ts",
            "import { auth } from \"@/auth\";\nimport { toNextJsHandler } from \"better-auth/next-js\";\n\
             export const { GET, POST } = toNextJsHandler(auth.handler);",
            "Next.js /api/auth/*",
        ),
        (
            &["next"],
            "src/pages/api/auth/[...all].ts",
            "import { auth } from \"../../../auth\";\nimport { toNodeHandler as wrap } from \"better-auth/node\";\n\
             export default wrap(auth);",
            "Next.js /api/auth/*",
        ),
        (
            &["hono"],
            "src/index.ts",
            "import { Hono } from \"hono\";\nimport { auth } from \"./auth\";\nconst app = new Hono();\n\
             app.on([\"GET\", \"POST\"], \"/api/auth/*\", (c) => auth.handler(c.req.raw));",
            "Hono /api/auth/*",
        ),
        (
            &["express"],
            "src/index.js",
            "const express = require(\"express\");\nconst { toNodeHandler } = require(\"better-auth/node\");\n\
             const { auth } = require(\"./auth\");\nconst PATH = \"/api/auth/*splat\";\nexpress().all(PATH, toNodeHandler(auth));",
            "Express /api/auth/*splat",
        ),
        (
            &["fastify"],
            "src/index.ts",
            "import fastify from \"fastify\";\nimport { auth } from \"./auth\";\nfastify().route({ method: [\"GET\", \"POST\"],\n\
             url: \"/api/auth/*\", async handler(request, reply) { return auth.handler(toRequest(request)); } });",
            "Fastify /api/auth/*",
        ),
        (
            &["elysia"],
            "src/index.ts",
            "import { Elysia } from \"elysia\";\nimport { auth } from \"./auth\";\nexport const app = new Elysia().mount(\"/auth\", auth.handler);",
            "Elysia /auth",
        ),
        (
            &["nuxt"],
            "server/api/auth/[...all].ts",
            "import { auth } from \"~~/src/auth\";\nexport default defineEventHandler((event) => auth.handler(toWebRequest(event)));",
            "Nuxt /api/auth/*",
        ),
        (
            &["@sveltejs/kit"],
            "src/hooks.server.ts",
            "import { auth } from \"./auth\";\nimport { svelteKitHandler } from \"better-auth/svelte-kit\";\n\
             export const handle = ({ event, resolve }) => svelteKitHandler({ event, resolve, auth });",
            "SvelteKit -",
        ),
        (
            &["astro"],
            "src/pages/api/auth/[...all].ts",
            "import { auth } from \"../../../auth\";\nimport type { APIRoute } from \"astro\";\n\
             export const ALL: APIRoute = async (ctx) => auth.handler(ctx.request);",
            "Astro /api/auth/*",
        ),
        (
            &["@tanstack/react-start"],
            "src/routes/api/auth/$.ts",
            "import { createFileRoute } from \"@tanstack/react-router\";\nimport { auth } from \"../../../auth\";\n\
             export const Route = createFileRoute(\"/api/auth/$\")({ server: { handlers: { GET: ({ request }) => auth.handler(request) } } });",
            "TanStack Start /api/auth/$",
        ),
        (
            &["@remix-run/node"],
            "app/routes/api.auth.$.ts",
            "import { auth } from \"../../src/auth\";\nexport async function action({ request }) { return auth.handler(request); }",
            "Remix /api/auth/*",
        ),
        (
            &["@react-router/dev"],
            "app/routes/api.auth.$.ts",
            "import { auth } from \"../../src/auth\";\nimport type { Route } from \"./+types/api.auth.$\";\n\
             export const loader = ({ request }: Route.LoaderArgs) => auth.handler(request);",
            "React Router ?",
        ),
        (
            &["@solidjs/start"],
            "src/routes/api/auth/*all.ts",
            "import { auth } from \"../../../auth\";\nimport { toSolidStartHandler } from \"better-auth/solid-start\";\n\
             export const { GET, POST } = toSolidStartHandler(auth);",
            "SolidStart /api/auth/*",
        ),
        (
            &["@nestjs/core", "@thallesp/nestjs-better-auth"],
            "src/app.module.ts",
            "import { Module } from \"@nestjs/common\";\nimport { AuthModule } from \"@thallesp/nestjs-better-auth\";\n\
             import { auth } from \"./auth\";\n@Module({ imports: [AuthModule.forRoot({ auth })] })\nexport class AppModule {}",
            "NestJS -",
        ),
        (
            &["wrangler"],
            "src/index.ts",
            "import { auth } from \"./auth\";\nexport default { async fetch(request) {\n\
             const url = new URL(request.url);\nif (url.pathname.startsWith(\"/api/auth\")) { return auth.handler(request); } } };",
            "Cloudflare Workers /api/auth",
        ),
        (
            &[],
            "src/index.ts",
            "import { createServer } from \"node:http\";\nimport { toNodeHandler } from \"better-auth/node\";\nimport { auth } from \"./auth\";\n\
             createServer(toNodeHandler(auth)).listen(3000);",
            "Node.js -",
        ),
        (
            &["koa", "@koa/router"],
            "src/index.ts",
            "import Koa from \"koa\";\nimport Router from \"@koa/router\";\nimport { toNodeHandler } from \"better-auth/node\";\n\
             import { auth } from \"./auth\";\nconst app = new Koa();\nconst router = new Router({ prefix: \"/api\" });\n\
             router.all(\"/auth/(.*)\", async (ctx) => { await toNodeHandler(auth)(ctx.req, ctx.res); });\napp.use(router.routes());",
            "Koa /api/auth/(.*)",
        ),
        (
            &["h3"],
            "src/index.ts",
            "import { createApp, createRouter, eventHandler, toWebRequest } from \"h3\";\nimport { auth } from \"./auth\";\n\
             const router = createRouter();\nrouter.use(\"/api/auth/**\", eventHandler((e) => auth.handler(toWebRequest(e))));\n\
             export const app = createApp().use(router);",
            "h3 /api/auth/**",
        ),
        (
            &["nuxt", "h3"],
            "server/api/auth/[...all].ts",
            "import { defineEventHandler, toWebRequest } from \"h3\";\nimport { auth } from \"~~/src/auth\";\n\
             export default defineEventHandler((event) => auth.handler(toWebRequest(event)));",
            "Nuxt /api/auth/*",
        ),
        (
            &["waku"],
            "src/pages/_api/api/auth/[...all].ts",
            "import { auth } from \"../../../../auth\";\nexport const GET = async (request: Request) => auth.handler(request);",
            "Waku /api/auth/*",
        ),
        (
            &["@builder.io/qwik-city"],
            "src/routes/api/auth/[...all]/index.ts",
            "import type { RequestHandler } from \"@builder.io/qwik-city\";\nimport { auth } from \"~/auth\";\n\
             export const onRequest: RequestHandler = async ({ request, send }) => { send(await auth.handler(request)); };",
            "Qwik City /api/auth/*",
        ),
        (
            &["@adonisjs/core"],
            "start/routes.ts",
            "import router from \"@adonisjs/core/services/router\";\nimport { toNodeHandler } from \"better-auth/node\";\n\
             import { auth } from \"../src/auth\";\nrouter.any(\"/api/auth/*\", async ({ request, response }) => {\n\
             await toNodeHandler(auth)(request.request, response.response); });",
            "AdonisJS /api/auth/*",
        ),
        (
            &["rwsdk"],
            "src/worker.tsx",
            "import { defineApp } from \"rwsdk/worker\";\nimport { prefix, route } from \"rwsdk/router\";\nimport { auth } from \"./auth\";\n\
             export default defineApp([prefix(\"/api\", [route(\"/auth/*\", ({ request }) => auth.handler(request))])]);",
            "RedwoodSDK /api/auth/*",
        ),
        (
            &["encore.dev"],
            "src/api.ts",
            "import { api } from \"encore.dev/api\";\nimport { toNodeHandler } from \"better-auth/node\";\nimport { auth } from \"./auth\";\n\
             export const routes = api.raw({ expose: true, path: \"/api/auth/*path\", method: \"*\" }, toNodeHandler(auth));",
            "Encore /api/auth/*path",
        ),
        (
            &["fastify", "fastify-better-auth"],
            "src/index.ts",
            "import Fastify from \"fastify\";\nimport plugin from \"fastify-better-auth\";\nimport { auth } from \"./auth\";\n\
             const app = Fastify();\nawait app.register(plugin, { auth });",
            "Fastify -",
        ),
        (
            &[],
            "src/index.ts",
            "import http from \"node:http\";\nimport { toNodeHandler } from \"better-auth/node\";\nimport { auth } from \"./auth\";\n\
             const answer = toNodeHandler(auth);\nhttp.createServer((req, res) => {\n\
             if (req.url?.startsWith(\"/api/auth\")) return answer(req, res);\nres.end(); }).listen(3000);",
            "Node.js /api/auth",
        ),
        (
            &["koa"],
            "src/index.ts",
            "import Koa from \"koa\";\nimport { toNodeHandler } from \"better-auth/node\";\nimport { auth } from \"./auth\";\n\
             const app = new Koa();\nconst answer = toNodeHandler(auth);\napp.use(async (ctx, next) => {\n\
             if (ctx.path.startsWith(\"/api/auth/\")) { ctx.respond = false; return answer(ctx.req, ctx.res); }\nawait next(); });",
            "Koa /api/auth/",
        ),
        (
            &["unheard-of"],
            "src/index.ts",
            "import { serve } from \"unheard-of\";\nimport { auth } from \"./auth\";\nserve(\"/auth/*\", (request) => auth.handler(request));",
            "? /auth/*",
        ),
    ];
    for (dependencies, path, text, expected) in cases {
        let manifest = package(dependencies);
        let tsconfig = ("tsconfig.json", "{ \"compilerOptions\": { \"paths\": { \"@/*\": [\"./src/*\"] } } }");
        let model = model(&[("package.json", &manifest), tsconfig, AUTH, (path, text)]);
        assert_eq!(mounts(&model.servers[0]), [*expected], "{path}");
        assert!(model.files.iter().any(|file| &**file == *path), "{path} has a part in the picture");
    }
}

#[test]
fn what_may_come_before_a_route_is_not_passed_over() {
    let routes = "import { createRouter } from \"./router\";\nimport { auth } from \"./auth\";\n\
        const router = createRouter().all(\"/auth/*\", (c) => auth.handler(c.req.raw));\nexport default router;";
    let router = "import { Hono } from \"hono\";\nexport const createRouter = () => new Hono({ strict: false });";
    let all = "import { createRouter } from \"./router\";\nimport * as routes from \"./all\";\nconst app = createRouter().basePath(\"/api\");\n\
        for (const each of Object.values(routes)) app.route(\"/\", each);\nexport default app;";
    let listed = "import { route } from \"rwsdk/router\";\nimport { auth } from \"./auth\";\n\
        export const routes = [route(\"/auth/*\", ({ request }) => auth.handler(request))];";
    let prefixed = "import { defineApp } from \"rwsdk/worker\";\nimport { prefix } from \"rwsdk/router\";\nimport { routes } from \"./routes\";\n\
        export default defineApp([prefix(\"/api\", routes)]);";
    let optional = "import { AutoRouter } from \"itty-router\";\nimport { auth } from \"./auth\";\n\
        const router = AutoRouter({ base: \"/api\" });\nrouter.all(\"/auth/*\", (request) => auth.handler(request));\nexport default router;";
    let by_turns: &[(&str, &str)] = &[
        ("src/routes.ts", routes),
        ("src/router.ts", router),
        ("src/all.ts", "export { default as routes } from \"./routes\";"),
        ("src/index.ts", all),
    ];
    for (dependency, files, expected) in [
        ("hono", by_turns, "Hono …/auth/*"),
        ("rwsdk", &[("src/routes.ts", listed), ("src/worker.tsx", prefixed)], "RedwoodSDK …/auth/*"),
        ("itty-router", &[("src/index.ts", optional)], "? …/auth/*"),
    ] {
        assert_eq!(mounts_beside(&[dependency], files), [expected]);
    }
    // What a package exports is not among the routers of the repository.
    let with_package = "import * as Sentry from \"@sentry/node\";\nimport { createRouter } from \"./router\";\nimport router from \"./routes\";\n\
        const app = createRouter();\nexport function add(each: any) { app.route(\"/\", each); }\nSentry.init();\nexport default router;";
    for (own, expected) in
        [(with_package.to_owned(), "Hono /auth/*"), (with_package.replace("@sentry/node", "./all"), "Hono …/auth/*")]
    {
        let files = [by_turns[0], by_turns[1], by_turns[2], ("src/index.ts", &*own)];
        assert_eq!(mounts_beside(&["hono"], &files), [expected], "{own}");
    }
}

#[test]
fn routes_by_the_names_of_files_are_those_of_the_list_that_says_so() {
    let route = (
        "app/routes/api.auth.$.ts",
        "import { auth } from \"../../src/auth\";\nexport const loader = ({ request }) => auth.handler(request);",
    );
    let list = |arguments: &str| {
        format!(
            "import {{ flatRoutes }} from \"@react-router/fs-routes\";\nexport default flatRoutes({arguments}) satisfies RouteConfig;"
        )
    };
    let found = |arguments: &str| mounts_beside(&["@react-router/dev"], &[route, ("app/routes.ts", &list(arguments))]);
    assert_eq!(found(""), ["React Router /api/auth/*"]);
    assert_eq!(found("{ rootDirectory: \"pages\" }"), ["React Router ?"]);
}

#[test]
fn handlers_are_followed_through_objects_and_modules_that_hold_them() {
    let route = (
        "src/app/api/auth/[...all]/route.ts",
        "import { auth } from \"../../../../auth\";\n\
        import { toNextJsHandler } from \"better-auth/next-js\";\nexport const { GET, POST } = toNextJsHandler(auth.handler);",
    );
    let made =
        |body: &str| format!("import {{ betterAuth }} from \"better-auth\";\nconst make = () => betterAuth({{}});\n{body}");
    for body in [
        "const instance = make();\nconst { handler, api } = instance;\nexport const auth = { handler, api };",
        "const holder = globalThis as unknown as { auth?: Auth };\nif (!holder.auth) holder.auth = make();\n\
         const { handler, api } = holder.auth;\nconst own = { handler, create: api.create };\nexport const auth = own;",
    ] {
        let model = model(&[("package.json", &package(&["next"])), ("src/auth.ts", &made(body)), route]);
        assert_eq!(mounts(&model.servers[0]), ["Next.js /api/auth/*"], "{body}");
    }
    let wrapped = made(
        "import { toNextJsHandler } from \"better-auth/next-js\";\nexport const authHandlers = () => toNextJsHandler(make());",
    );
    let whole = "import * as auth from \"../../../../auth\";\nconst answer = (request: Request) => { const handlers = auth.authHandlers();\n\
        return handlers.GET(request); };\nexport { answer as GET };";
    let model = model(&[("package.json", &package(&["next"])), ("src/auth.ts", &wrapped), (route.0, whole)]);
    assert_eq!(mounts(&model.servers[0]), ["Next.js /api/auth/*"]);
}

#[test]
fn what_mounts_may_be_passed_on_by_a_package() {
    let manifest = "{ \"name\": \"@app/auth\", \"private\": true, \"exports\": \"./src/index.ts\", \"dependencies\": { \"better-auth\": \"1.4.18\" } }";
    let route = "import { auth, toNextJsHandler } from \"@app/auth\";\nexport const { GET, POST } = toNextJsHandler(auth);";
    for passed in [
        "export { toNextJsHandler } from \"better-auth/next-js\";",
        "import { toNextJsHandler } from \"better-auth/next-js\";\nexport { toNextJsHandler };",
    ] {
        let model = model(&[
            ("package.json", "{ \"workspaces\": [\"packages/*\", \"web\"] }"),
            ("web/package.json", &package(&["next", "@app/auth"])),
            ("web/app/api/auth/[...all]/route.ts", route),
            ("packages/auth/package.json", manifest),
            ("packages/auth/src/index.ts", &format!("export {{ auth }} from \"./auth\";\n{passed}")),
            ("packages/auth/src/auth.ts", AUTH.1),
        ]);
        assert_eq!(mounts(&model.servers[0]), ["Next.js /api/auth/*"], "{passed}");
    }
}

#[test]
fn the_module_of_nuxt_mounts_what_it_makes() {
    let config = "import { defineServerAuth } from \"@onmax/nuxt-better-auth/config\";\nexport default defineServerAuth({});";
    let model = model(&[("package.json", &package(&["nuxt"])), ("server/auth.config.ts", config)]);
    assert_eq!(mounts(&model.servers[0]), ["Nuxt -"]);
}

#[test]
fn instances_are_followed_to_their_handlers() {
    let made = |text: &'static str| ("src/auth.ts", text);
    let route = |text: &'static str| ("src/index.ts", text);
    let cases = [
        (
            made(
                "import { betterAuth } from \"better-auth\";\nexport let auth;\nexport function init() { const own = betterAuth({}); auth = own; }",
            ),
            route("import { auth } from \"./auth\";\nexport const answer = (request) => auth.handler(request);"),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nconst holder = { instance: null };\n\
                 export function start() { holder.instance = betterAuth({}); }\nexport const auth = () => holder.instance;",
            ),
            route("import { auth } from \"./auth\";\nexport const answer = (request) => auth().handler(request);"),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nexport const createAuth = (env) => betterAuth({ secret: env.SECRET });",
            ),
            route(
                "import { createAuth } from \"./auth\";\nexport default { fetch: (request, env) => createAuth(env).handler(request) };",
            ),
        ),
        (
            made("import { betterAuth } from \"better-auth\";\nexport const server = betterAuth({});"),
            route("import * as instance from \"./auth\";\nexport const answer = (request) => instance.server.handler(request);"),
        ),
        (
            made("import { betterAuth } from \"better-auth\";\nexport const createAuth = (ctx) => betterAuth({});"),
            route(
                "import { createClient } from \"@convex-dev/better-auth\";\nimport { createAuth } from \"./auth\";\n\
                 const component = createClient(parts);\ncomponent.registerRoutes(http, createAuth);",
            ),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nexport class Service {\n  auth;\n  constructor() { this.start(); }\n\
                 start() { this.auth = betterAuth({}) as unknown; }\n}",
            ),
            route(
                "import { AuthModule } from \"@thallesp/nestjs-better-auth\";\nimport { Service } from \"./auth\";\n\
                 const service = new Service();\nexport const module = AuthModule.forRoot({ auth: service.auth });",
            ),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nexport class Service {\n  #auth = betterAuth({});\n  get auth() { return this.#auth; }\n}",
            ),
            route("import { Service } from \"./auth\";\nexport const answer = (request) => new Service().auth.handler(request);"),
        ),
        (
            made("import { betterAuth } from \"better-auth\";\nexport const createAuth = () => betterAuth({});"),
            route(
                "import { createAuth } from \"./auth\";\nexport class Server {\n  auth: Auth | null = null;\n\
                 async start() { this.auth = await createAuth(); }\n  answer(request) { return this.auth.handler(request); }\n}",
            ),
        ),
        (
            made("import { betterAuth } from \"better-auth\";\nexport const createAuth = (c) => betterAuth({});"),
            route(
                "import { createAuth } from \"./auth\";\nconst app = new Hono().use(async (c, next) => { const auth = createAuth(c);\n\
                 c.set(\"auth\", auth); await next(); }).on([\"GET\", \"POST\"], \"/auth/*\", (c) => c.var.auth.handler(c.req.raw));",
            ),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nexport const authContext = createContext();\n\
                 export const middleware = async ({ context }) => { context.set(authContext, betterAuth({})); };",
            ),
            route(
                "import { authContext } from \"./auth\";\nexport const loader = ({ request, context }) => {\n\
                 const auth = context.get(authContext);\n  return auth.handler(request.clone());\n};",
            ),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nexport const plugin = (app) => app.decorate(\"auth\", betterAuth({}));",
            ),
            route(
                "import { Elysia } from \"elysia\";\nimport { plugin } from \"./auth\";\nexport const app = new Elysia().use(plugin)\n\
                 .all(\"/api/auth/*\", ({ auth, request }) => auth.handler(request));",
            ),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nconst auth = betterAuth({});\n\
                 export const plugin = fp(async (fastify) => { fastify.decorate(\"auth\", auth); });",
            ),
            route(
                "import Fastify from \"fastify\";\nimport { plugin } from \"./auth\";\nconst app = Fastify();\napp.register(plugin);\n\
                 app.all(\"/api/auth/*\", (request, reply) => app.auth.handler(toRequest(request)));",
            ),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nexport function createAuth() { const auth = betterAuth({});\n\
                 return Object.assign(auth, { billing: true }); }",
            ),
            route("import { createAuth } from \"./auth\";\nexport const answer = (request) => createAuth().handler(request);"),
        ),
        (
            made(
                "import { Module } from \"@nestjs/common\";\nimport { betterAuth } from \"better-auth\";\nexport const AUTH = Symbol(\"auth\");\n\
                 const make = (db: Db) => betterAuth({ database: adapter(db) });\n\
                 @Module({ providers: [{ provide: AUTH, useFactory: make, inject: [Db] }] })\nexport class AuthModule {}",
            ),
            route(
                "import { Inject } from \"@nestjs/common\";\nimport { AUTH } from \"./auth\";\nexport class Registrar {\n\
                 constructor(private readonly config: Config, @Inject(AUTH) private readonly it: Auth) {}\n\
                 answer(request) { return this.it.handler(request); }\n}",
            ),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nconst auth = betterAuth({});\n\
                 export const providers = [{ provide: \"AUTH\", useValue: auth }];",
            ),
            route(
                "import { Inject } from \"@nestjs/common\";\nimport { toNodeHandler } from \"better-auth/node\";\n\
                 export class AuthController {\n@Inject(\"AUTH\") private auth: any;\n\
                 all(req, res) { return toNodeHandler(this.auth)(req, res); }\n}",
            ),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nexport const AUTH_TOKEN = \"auth-token\";\n\
                 export const provider = { provide: AUTH_TOKEN, useFactory: async (config) => { const it = betterAuth({}); return it; } };",
            ),
            route(
                "import { Inject } from \"@nestjs/common\";\nimport { toNodeHandler } from \"better-auth/node\";\nimport { AUTH_TOKEN } from \"./auth\";\n\
                 export class AuthController { handle; constructor(@Inject(AUTH_TOKEN) auth: any) { this.handle = toNodeHandler(auth); } }",
            ),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nlet made: Auth | undefined;\n\
                 function getAuth() { if (!made) made = betterAuth({}); return made; }\n\
                 export const auth = new Proxy({} as Auth, { get(_, key) { return getAuth()[key]; } });",
            ),
            route("import { auth } from \"./auth\";\nexport const answer = (request) => auth.handler(request);"),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nconst make = () => betterAuth({});\nlet made;\n\
                 export const auth = new Proxy({}, { get: (target, key) => { made ??= make(); const value = Reflect.get(made, key, made);\n\
                 if (key === \"extra\") return 1; return typeof value === \"function\" ? value.bind(made) : value; } });",
            ),
            route(
                "import { toNodeHandler } from \"better-auth/node\";\nimport { auth } from \"./auth\";\n\
                 createServer(toNodeHandler(auth.handler)).listen(3000);",
            ),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nexport const auth = new Proxy(betterAuth({}), { has: () => true });",
            ),
            route("import { auth } from \"./auth\";\nexport const answer = (request) => auth.handler(request);"),
        ),
        (
            made(
                "import { betterAuth } from \"better-auth\";\nexport class AuthService {\n  auth;\n  onModuleInit() { this.auth = betterAuth({}); }\n\
                 getAuth() { return this.auth; }\n}",
            ),
            route(
                "import { toNodeHandler } from \"better-auth/node\";\nimport { AuthService } from \"./auth\";\n\
                 const app = await NestFactory.create(AppModule);\nconst service = app.get(AuthService);\n\
                 app.use(async (req, res) => { const auth = service.getAuth(); await toNodeHandler(auth)(req, res); });",
            ),
        ),
    ];
    for (made, route) in cases {
        let model = model(&[("package.json", &package(&[])), made, route]);
        assert_eq!(model.servers[0].mounts.len(), 1, "{} {}", made.1, route.1);
        assert_eq!(&*model.servers[0].mounts[0].at.file, "src/index.ts");
    }
}

#[test]
fn middleware_of_nest_is_for_the_routes_it_is_applied_to() {
    let middleware = "import { toNodeHandler } from \"better-auth/node\";\nimport { auth } from \"./auth\";\n\
        export class AuthMiddleware { use(req, res, next) { return toNodeHandler(auth)(req, res); } }\n\
        export class Unused { handle(req, res) { return auth.handler(req); } }";
    let applied = |body: &str, prefix: &str| {
        let module = format!(
            "import {{ Module }} from \"@nestjs/common\";\nimport {{ toNodeHandler }} from \"better-auth/node\";\nimport {{ auth }} from \"./auth\";\n\
             import {{ AuthMiddleware, Unused }} from \"./middleware\";\nexport class AppModule {{ configure(consumer) {{ {body} }} }}"
        );
        let main = format!("const app = await NestFactory.create(AppModule);\n{prefix}");
        let files = [("src/middleware.ts", middleware), ("src/app.module.ts", module.as_str()), ("src/main.ts", main.as_str())];
        let mut found = mounts_beside(&["@nestjs/core", "@nestjs/common"], &files);
        // That of `Unused`, whose routes nothing tells.
        found.retain(|mount| !mount.ends_with(" ?"));
        found
    };
    for (body, prefix, expected) in [
        ("consumer.apply(AuthMiddleware).forRoutes(\"/api/auth/*path\");", "", vec!["NestJS /api/auth/*path"]),
        (
            "consumer.apply(Other, AuthMiddleware).exclude(\"x\").forRoutes({ path: \"auth/*path\", method: 0 });",
            "app.setGlobalPrefix(\"api\");",
            vec!["NestJS /api/auth/*path"],
        ),
        ("consumer.apply(AuthMiddleware).forRoutes(\"one\", \"two\");", "", vec!["NestJS /one", "NestJS /two"]),
        ("consumer.apply(AuthMiddleware).forRoutes(\"{*path}\");", "", vec!["NestJS /{*path}"]),
        ("consumer.apply(AuthMiddleware).forRoutes(pathOf());", "", vec![]),
        ("consumer.apply(AuthMiddleware).forRoutes(AuthController);", "", vec![]),
        ("consumer.apply(Other).forRoutes(\"/api/auth/*path\");", "", vec![]),
        ("consumer.apply(toNodeHandler(auth)).forRoutes(\"/api/auth/*path\");", "", vec!["NestJS /api/auth/*path"]),
    ] {
        assert_eq!(applied(body, prefix), expected, "{body}");
    }
}

#[test]
fn what_is_injected_for_another_token_is_not_known() {
    let made = "import { betterAuth } from \"better-auth\";\nexport const AUTH = Symbol(), OTHER_AUTH = Symbol();\n\
        export const providers = [{ provide: AUTH, useFactory: () => betterAuth({}) }, { provide: OTHER_AUTH, useClass: Other }];";
    let route = |token: &str| {
        format!(
            "import {{ Inject }} from \"@nestjs/common\";\nimport {{ toNodeHandler }} from \"better-auth/node\";\n\
             import {{ AUTH, OTHER_AUTH }} from \"./auth\";\nexport class Routes {{ constructor(@Inject({token}) private auth: any) {{}}\n\
             all(req, res) {{ return toNodeHandler(this.auth)(req, res); }} }}"
        )
    };
    for (token, known) in [("AUTH", 1), ("OTHER_AUTH", 0), ("\"AUTH\"", 0)] {
        let model = model(&[("package.json", &package(&[])), ("src/auth.ts", made), ("src/index.ts", &route(token))]);
        let server = &model.servers[0];
        assert_eq!((server.mounts.len(), server.mounts_open.len()), (known, 1 - known), "{token}");
    }
}

/// The mounts of the server in `src/auth.ts`, beside other files.
fn mounts_beside(dependencies: &[&str], files: &[(&str, &str)]) -> Vec<String> {
    let manifest = package(dependencies);
    mounts(&model(&[&[("package.json", &*manifest), AUTH], files].concat()).servers[0])
}

#[test]
fn a_mount_may_take_its_path_off() {
    let hono = "import { Hono } from \"hono\";\nimport { mount } from \"hono/mount\";\n";
    let elysia = "import { Elysia } from \"elysia\";\n";
    for (head, body, takes_off, misses) in [
        (hono, "new Hono().mount(\"/api/auth\", auth.handler);", true, true),
        (hono, "new Hono().mount(\"/api\", (request) => auth.handler(request));", true, true),
        (hono, "new Hono().mount(\"/api/auth\", auth.handler, (c) => [c.env]);", true, true),
        (hono, "new Hono().all(\"/api/auth/*\", mount(auth.handler));", true, true),
        (hono, "new Hono().mount(\"/api/auth\", auth.handler, { replaceRequest: false });", false, false),
        (hono, "new Hono().mount(\"/api/auth\", auth.handler, { replaceRequest: (request) => request });", false, false),
        (hono, "new Hono().mount(\"/\", auth.handler);", true, false),
        (hono, "new Hono().mount(\"/one\", auth.handler);", true, false),
        (hono, "new Hono().mount(pathOf(), auth.handler);", true, false),
        (elysia, "new Elysia().mount(\"/api/auth\", auth.handler);", true, true),
        (elysia, "new Elysia({ prefix: \"/api\" }).mount(\"/auth\", auth.handler);", true, true),
        (elysia, "new Elysia().mount(\"/auth\", auth.handler);", true, false),
        (elysia, "new Elysia().mount(auth.handler);", false, false),
    ] {
        let text = format!("{head}import {{ auth }} from \"./auth\";\n{body}");
        let model = model(&[("package.json", &package(&["hono", "elysia"])), AUTH, ("src/index.ts", &text)]);
        let [mount] = model.servers[0].mounts.as_slice() else { panic!("{body}") };
        assert_eq!((mount.takes_off, mount.misses.is_some()), (takes_off, misses), "{body}");
    }
}

#[test]
fn plugins_may_be_imported_where_they_are_registered() {
    let plugin = "import { auth } from \"./auth\";\n\
        export default async function routes(app) { app.route({ url: \"/auth/*\", handler: (request) => auth.handler(request) }); }\n\
        export async function others(app) { app.all(\"/other/*\", (request) => auth.handler(request)); }";
    let auth = |body: &str| {
        let text = format!("import Fastify from \"fastify\";\nconst app = Fastify();\n{body}");
        mounts_beside(&["fastify"], &[("src/plugin.ts", plugin), ("src/index.ts", &text)])
    };
    let open = "Fastify …/other/*".to_owned();
    assert_eq!(
        auth("app.register(import(\"./plugin\"), { prefix: \"/two\" });"),
        ["Fastify /two/auth/*".to_owned(), open.clone()]
    );
    assert_eq!(
        auth(
            "app.register((await import(\"./plugin\")).default, { prefix: \"/api\" });\napp.register((await import(\"./plugin\")).others);"
        ),
        ["Fastify /api/auth/*", "Fastify /other/*"],
    );
    assert_eq!(auth("app.register(import(\"./elsewhere\"));"), ["Fastify …/auth/*".to_owned(), open]);
}

#[test]
fn routes_are_composed_of_what_is_around_them() {
    let imports = "import { Hono } from \"hono\";\nimport { auth } from \"./auth\";\n";
    let cases = [
        ("const app = new Hono().basePath(\"/v1\");\napp.all(\"/auth/*\", (c) => auth.handler(c.req.raw));", "Hono /v1/auth/*"),
        ("const P = \"/x\";\nnew Hono().all(`${P}/*`, (c) => auth.handler(c.req.raw));", "Hono /x/*"),
        (
            "const own = new Hono().on([\"GET\"], \"/*\", (c) => auth.handler(c.req.raw));\nconst app = new Hono();\n\
             app.route(\"/v1/auth\", own);",
            "Hono /v1/auth/*",
        ),
        ("new Hono().all(pathOf(), (c) => auth.handler(c.req.raw));", "Hono ?"),
    ];
    for (text, expected) in cases {
        let text = format!("{imports}{text}");
        assert_eq!(mounts_beside(&["hono"], &[("src/index.ts", &text)]), [expected], "{text}");
    }
}

#[test]
fn routers_are_followed_through_files() {
    let part = "import { Hono } from \"hono\";\nimport { auth } from \"./auth\";\nconst router = new Hono();\n\
                router.all(\"/auth/*\", (c) => auth.handler(c.req.raw));\nexport default router;";
    let whole = "import { Hono } from \"hono\";\nimport auth from \"./part\";\nconst routes = [auth];\n\
                 const api = new Hono().basePath(\"/api\");\nroutes.forEach((one) => api.route(\"/\", one));";
    assert_eq!(mounts_beside(&["hono"], &[("src/part.ts", part), ("src/index.ts", whole)]), ["Hono /api/auth/*"]);
    let router = "import { Router } from \"express\";\nimport { toNodeHandler } from \"better-auth/node\";\n\
                  import { auth } from \"./auth\";\nexport const router = Router();\nrouter.all(\"/auth/*\", toNodeHandler(auth));";
    assert_eq!(mounts_beside(&["express"], &[("src/part.ts", router)]), ["Express …/auth/*"]);
}

#[test]
fn routers_that_functions_make_are_followed_to_their_calls() {
    let make = |exported: &str| {
        format!(
            "import {{ Hono }} from \"hono\";\nimport {{ auth }} from \"./auth\";\n{exported} createRoutes() {{\n\
             const own = new Hono();\nown.all(\"/auth/*\", (c) => auth.handler(c.req.raw));\nreturn own; }}"
        )
    };
    let cases = [
        // Nobody calls it, whoever may have it.
        ("export function", "export const app = 1;", &[][..]),
        ("export function", "import { createRoutes } from \"./part\";\nexport { createRoutes };", &[]),
        // A framework may look for what a file exports as its default.
        ("export default function", "export const app = 1;", &["Hono /auth/*"]),
        ("export function", "import { createRoutes } from \"./part\";\nserve(createRoutes());", &["Hono /auth/*"]),
        (
            "export function",
            "import { Hono } from \"hono\";\nimport { createRoutes } from \"./part\";\nnew Hono().route(\"/api\", createRoutes());",
            &["Hono /api/auth/*"],
        ),
        (
            "export function",
            "import { Hono } from \"hono\";\nimport { createRoutes } from \"./part\";\nconst part = createRoutes();\n\
             const app = new Hono();\napp.route(\"/v1\", part);",
            &["Hono /v1/auth/*"],
        ),
    ];
    for (exported, main, expected) in cases {
        let part = make(exported);
        let manifest = package(&["hono"]).replacen('{', "{ \"private\": true, ", 1);
        let files = [("package.json", &*manifest), AUTH, ("src/part.ts", &*part), ("src/index.ts", main)];
        assert_eq!(mounts(&model(&files).servers[0]), expected, "{exported} {main}");
    }
}

#[test]
fn a_mount_stands_where_its_route_does() {
    let own = "import { auth } from \"./instance\";\nimport { toNextJsHandler } from \"better-auth/next-js\";\n\
               const next = toNextJsHandler(auth);\nexport const handler = { GET: (request) => next.GET(request) };\n\
               export const authHandler = auth.handler;";
    let route = "import { handler } from \"auth\";\nexport const { GET } = handler;";
    let app = "import { Hono } from \"hono\";\nimport { authHandler } from \"auth\";\n\
               new Hono().all(\"/api/auth/*\", (c) => authHandler(c.req.raw));";
    let files = [
        ("package.json", "{ \"workspaces\": [\"apps/*\", \"packages/*\"] }"),
        ("packages/auth/package.json", &*package(&["next"]).replace("\"app\"", "\"auth\", \"private\": true")),
        ("packages/auth/instance.ts", AUTH.1),
        ("packages/auth/index.ts", own),
        ("apps/web/package.json", "{ \"dependencies\": { \"next\": \"*\", \"auth\": \"*\" } }"),
        ("apps/web/app/api/auth/[...all]/route.ts", route),
        ("apps/api/package.json", "{ \"dependencies\": { \"hono\": \"*\", \"auth\": \"*\" } }"),
        ("apps/api/index.ts", app),
    ];
    let model = model(&files);
    let server = &model.servers[0];
    let mut places: Vec<_> = server.mounts.iter().map(|mount| (&*mount.at.file, &*mount.package)).collect();
    places.sort_unstable();
    assert_eq!(places, [("apps/api/index.ts", "apps/api"), ("apps/web/app/api/auth/[...all]/route.ts", "apps/web")]);
    let mut routes = mounts(server);
    routes.sort_unstable();
    assert_eq!(routes, ["Hono /api/auth/*", "Next.js /api/auth/*"]);
    // The package that brings the handler renders no pages by itself.
    let evidence: Vec<_> = server.contexts.iter().flat_map(|context| &context.evidence).map(|one| &*one.text).collect();
    assert_eq!(evidence, ["Next.js renders the pages of apps/web"]);
}

#[test]
fn hooks_take_their_own_requests_whatever_they_test() {
    let call = "svelteKitHandler({ event, resolve, auth })";
    for (test, after, expected) in [
        ("event.route.id?.startsWith(\"/(protected)/\")", call, &["SvelteKit -"][..]),
        ("event.route.id === \"/admin\"", call, &["SvelteKit -"]),
        ("event.url.pathname.startsWith(\"/admin\")", call, &["SvelteKit -"]),
        ("event.url.pathname.startsWith(\"/api/auth\")", "resolve(event)", &["SvelteKit /api/auth"]),
        ("event.url.pathname.startsWith(\"/auth\")", "resolve(event)", &["SvelteKit /auth"]),
    ] {
        let hooks = format!(
            "import {{ auth }} from \"./auth\";\nimport {{ svelteKitHandler }} from \"better-auth/svelte-kit\";\n\
             export async function handle({{ event, resolve }}) {{\nif ({test}) {{ return {call}; }}\nreturn {after}; }}"
        );
        assert_eq!(mounts_beside(&["@sveltejs/kit"], &[("src/hooks.server.ts", &hooks)]), expected, "{test}");
    }
}

#[test]
fn options_beside_a_handler_have_its_path() {
    let encore = "import { api } from \"encore.dev/api\";\nimport { auth } from \"./auth\";\n\
                  export const routes = api.raw({ expose: true, method: \"*\", path: \"/auth/*path\" }, async (req, res) => {\n\
                  send(res, await auth.handler(toRequest(req))); });";
    assert_eq!(mounts_beside(&["encore.dev"], &[("src/routes.ts", encore)]), ["Encore /auth/*path"]);
    let universal = "import { enhance } from \"@universal-middleware/core\";\nimport { auth } from \"./auth\";\n\
                     export const handler = enhance((request) => auth.handler(request), { name: \"auth\", path: \"/api/auth/**\" });";
    assert_eq!(mounts_beside(&["vike"], &[("src/handler.ts", universal)]), ["Vike /api/auth/**"]);
    // What a result is given beside options has no route.
    let cookie = "import { withCookie } from \"cookies\";\nimport { auth } from \"./auth\";\n\
                  export const answer = async (request) => withCookie(await auth.handler(request), { path: \"/\" });";
    assert_eq!(mounts_beside(&["vike"], &[("src/handler.ts", cookie)]), ["Vike ?"]);
}

#[test]
fn what_mounts_may_be_passed_on_by_a_file_of_the_repository() {
    let barrel = "export { auth } from \"./auth\";\nexport * from \"kysely\";\nexport * from \"better-auth/node\";";
    let app = "import express from \"express\";\nimport { auth, toNodeHandler } from \"./lib\";\n\
               express().all(\"/api/auth/{*any}\", toNodeHandler(auth));";
    let files = [("src/lib.ts", barrel), ("src/index.ts", app)];
    assert_eq!(mounts_beside(&["express"], &files), ["Express /api/auth/{*any}"]);
    let own = "export { auth } from \"./auth\";\nexport const toNodeHandler = (own) => own.name;";
    assert_eq!(mounts_beside(&["express"], &[("src/lib.ts", own), ("src/index.ts", app)]), [""; 0]);
}

#[test]
fn instances_are_followed_into_what_is_given_them() {
    let hono = "import { Hono } from \"hono\";\n";
    let fastify = "import { toNodeHandler } from \"better-auth/node\";\n";
    for (app, main, expected) in [
        (
            format!(
                "{hono}export function createApp(deps) {{ const app = new Hono(); if (deps.auth) {{ const auth = deps.auth; app.on([\"GET\", \"POST\"], \"/api/auth/*\", (c) => auth.handler(c.req.raw)); }} return app; }}"
            ),
            "import { auth } from \"./auth\";\nimport { createApp } from \"./app\";\nexport const app = createApp({ db, auth });",
            "Hono /api/auth/*",
        ),
        (
            format!(
                "{fastify}export async function routes(server, options) {{ server.all(\"/api/auth/*\", toNodeHandler(options.auth)); }}"
            ),
            "import Fastify from \"fastify\";\nimport { auth } from \"./auth\";\nimport { routes } from \"./app\";\nconst server = Fastify();\nserver.register(routes, { auth });",
            "Fastify /api/auth/*",
        ),
        (
            "let made = null;\nimport { betterAuth } from \"better-auth\";\nconst getAuth = () => { if (!made) { made = betterAuth({}); } return made; };\n\
             export const authHandler = (request) => getAuth().handler(request);"
                .to_owned(),
            "import Fastify from \"fastify\";\nimport { toNodeHandler } from \"better-auth/node\";\nimport { authHandler } from \"./app\";\n\
             Fastify().all(\"/api/auth/*\", toNodeHandler(authHandler));",
            "Fastify /api/auth/*",
        ),
        (
            String::new(),
            "import Fastify from \"fastify\";\nimport { toNodeHandler } from \"better-auth/node\";\nimport { auth } from \"./auth\";\nconst server = Fastify();\n\
             server.register(async (server, options) => { server.all(\"/api/auth/*\", toNodeHandler(options.auth)); }, { auth });",
            "Fastify /api/auth/*",
        ),
    ] {
        let files = [("package.json", &*package(&["hono", "fastify"])), AUTH, ("src/app.ts", &app), ("src/main.ts", main)];
        let model = model(&files);
        let mut found: Vec<String> = model.servers.iter().flat_map(mounts).collect();
        found.dedup();
        assert_eq!(found, [expected], "{app}\n{main}");
    }
}

#[test]
fn a_handler_taken_out_of_an_instance_is_followed_to_its_calls() {
    let made = |body: &str| {
        format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ Hono }} from \"hono\";\nconst instance = betterAuth({{}});\n{body}"
        )
    };
    let call = "const app = new Hono();\napp.on([\"POST\", \"GET\"], \"/api/auth/*\", (c) => handler(c.req.raw));";
    let elsewhere =
        |import: &str, call: &str| format!("import {{ Hono }} from \"hono\";\nimport {{ {import} }} from \"./auth\";\n{call}");
    let renamed = call.replace("handler", "answer");
    for (body, importing) in [
        ("export const { handler, api } = instance;", elsewhere("handler", call)),
        ("const { handler } = instance;\nexport { handler };", elsewhere("handler as answer", &renamed)),
        ("export const { handler: answer } = instance;", elsewhere("answer as handler", call)),
        ("export const handler = instance.handler;", elsewhere("handler", call)),
        (&format!("const {{ handler }} = instance;\n{call}"), String::new()),
    ] {
        let auth = made(body);
        let found = model(&[("package.json", &package(&["hono"])), ("src/auth.ts", &auth), ("src/server.ts", &importing)]);
        assert_eq!(mounts(&found.servers[0]), ["Hono /api/auth/*"], "{body}");
    }
    // Another mount tells enough; what is taken out of something else is none.
    let auth = made("export const { handler } = instance;\nconst { handler: own } = useForm();\nexport const auth = instance;");
    let next = "import { auth } from \"@/auth\";\nimport { toNextJsHandler } from \"better-auth/next-js\";\nexport const { GET, POST } = toNextJsHandler(auth);";
    let config = r#"{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }"#;
    let files = [("src/auth.ts", &*auth), ("src/app/api/auth/[...all]/route.ts", next), ("tsconfig.json", config)];
    let found = model(&[&files[..], &[("package.json", &package(&["next"]))]].concat());
    assert_eq!(mounts(&found.servers[0]), ["Next.js /api/auth/*"]);
    let alone = model(&[("package.json", &package(&[])), ("src/auth.ts", &auth)]);
    assert_eq!(mounts(&alone.servers[0]), ["Hono ?"]);
}

#[test]
fn handlers_are_followed_by_their_names_to_the_files_of_routes() {
    let next = "import { auth } from \"./auth\";\nimport { toNextJsHandler } from \"better-auth/next-js\";\n";
    let cases = [
        ("export const handlers = toNextJsHandler(auth);", "export const { GET, POST } = handlers;"),
        ("export const { GET, POST } = toNextJsHandler(auth);", "export { GET, POST } from \"@/handlers\";"),
        (
            "const own = toNextJsHandler(auth);\nexport const handlers = { GET: (r) => (auth ? own.GET(r) : none()), POST: (r) => own.POST(r) };",
            "export const { GET, POST } = handlers;",
        ),
        (
            "export const handlers = (request) => auth.handler(request);",
            "import { toNextJsHandler } from \"better-auth/next-js\";\nexport const { GET, POST } = toNextJsHandler(handlers);",
        ),
        (
            "export const handlers = { async handler(request) { return auth.handler(request); } };",
            "export const GET = (request) => handlers.handler(request);",
        ),
    ];
    for (handlers, route) in cases {
        let handlers = format!("{next}{handlers}");
        let route = format!("import {{ handlers }} from \"@/handlers\";\n{route}");
        let files = [("src/handlers.ts", &*handlers), ("src/app/api/auth/[...all]/route.ts", &*route)];
        let found = mounts_beside(&["next"], &files);
        assert!(found.iter().all(|mount| mount == "Next.js /api/auth/*") && !found.is_empty(), "{found:?} {handlers} {route}");
    }
}

#[test]
fn a_package_is_of_the_framework_it_configures() {
    let files = [
        ("package.json", "{ \"name\": \"app\", \"dependencies\": { \"@repo/base\": \"workspace:*\" } }"),
        ("nuxt.config.ts", "export default defineNuxtConfig({ extends: [\"@repo/base\"] });"),
        ("server/utils/auth.ts", AUTH.1),
        ("server/api/auth/[...all].ts", "export default eventHandler((event) => auth.handler(toWebRequest(event)));"),
        (
            "server/routes/more/[...all].ts",
            "import { auth } from \"#server/utils/auth\";\nexport default eventHandler((event) => auth.handler(toWebRequest(event)));",
        ),
    ];
    let model = model(&files);
    assert_eq!(mounts(&model.servers[0]), ["Nuxt /api/auth/*", "Nuxt /more/*"]);
}

#[test]
fn lists_of_routes_are_followed_through_files() {
    let list = "import { index } from \"@react-router/dev/routes\";\nimport { authRoutes } from \"./features/auth/routes\";\n\
                export default [index(\"./home.tsx\"), ...authRoutes];";
    let part = "import { relative } from \"@react-router/dev/routes\";\nconst { route } = relative(import.meta.dirname);\n\
                export const authRoutes = [route(\"api/auth/*\", \"./answer.ts\")];";
    let answer = "import { auth } from \"../../../src/auth\";\nexport const loader = ({ request }) => auth.handler(request);";
    let files = [("app/routes.ts", list), ("app/features/auth/routes.ts", part), ("app/features/auth/answer.ts", answer)];
    assert_eq!(mounts_beside(&["@react-router/dev"], &files), ["React Router /api/auth/*"]);
    let route = "import { createFileRoute } from \"@tanstack/react-router\";\nimport { auth } from \"@/auth\";\n\
                 export const Route = createFileRoute(\"/api/auth/$\")({ server: { handlers: { GET: ({ request }) => auth.handler(request) } } });";
    let files = [("app/pages/api/auth/$.tsx", route)];
    assert_eq!(mounts_beside(&["@tanstack/react-start", "hono"], &files), ["TanStack Start /api/auth/$"]);
}

#[test]
fn controllers_and_asynchronous_modules_of_nest_are_followed() {
    let controller = "import { All, Controller } from \"@nestjs/common\";\nimport { toNodeHandler } from \"better-auth/node\";\n\
                      import { auth } from \"./auth\";\n@Controller(\"v1/auth\")\nexport class Auth {\n\
                      @All(\"*path\") handle(req, res) { return toNodeHandler(auth)(req, res); } }";
    let main = "const app = await create();\napp.setGlobalPrefix(\"api\");";
    let files = [("src/auth.controller.ts", controller), ("src/main.ts", main)];
    assert_eq!(mounts_beside(&["@nestjs/common"], &files), ["NestJS /api/v1/auth/*path"]);
    let module = "import { AuthModule } from \"@thallesp/nestjs-better-auth\";\nimport { auth } from \"./auth\";\n\
                  export const made = AuthModule.forRootAsync({ useFactory: () => ({ auth }) });";
    assert_eq!(mounts_beside(&["@nestjs/common"], &[("src/app.module.ts", module)]), ["NestJS -"]);
}

#[test]
fn names_that_nuxt_imports_by_itself_are_known() {
    let made = "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth({});";
    let route = "export default defineEventHandler((event) => auth.handler(toWebRequest(event)));";
    let files = [("package.json", &*package(&["nuxt"])), ("server/utils/auth.ts", made), ("server/api/auth/[...all].ts", route)];
    assert_eq!(mounts(&model(&files).servers[0]), ["Nuxt /api/auth/*"]);
    for (settings, expected) in [
        ("{ nitro: { imports: { dirs: [\"./lib\"] } } }", &["Nuxt /api/auth/*"][..]),
        ("{ nitro: { imports: { dirs: [\"lib/**\"] } } }", &["Nuxt /api/auth/*"]),
        ("{ imports: { dirs: [\"./lib\"] } }", &[]),
        ("{}", &[]),
    ] {
        let config = format!("export default defineNuxtConfig({settings});");
        let manifest = package(&["nuxt"]);
        let files = [
            ("package.json", &*manifest),
            ("nuxt.config.ts", &*config),
            ("lib/deep/auth.ts", made),
            ("server/api/auth/[...all].ts", route),
        ];
        assert_eq!(mounts(&model(&files).servers[0]), expected, "{settings}");
    }
}

#[test]
fn aliases_of_a_bundler_lead_to_instances() {
    let config =
        "export default defineNuxtConfig({ alias: { \"@auth\": fileURLToPath(new URL(\"./src/auth.ts\", import.meta.url)) } });";
    let route =
        "import { auth } from \"@auth\";\nexport default defineEventHandler((event) => auth.handler(toWebRequest(event)));";
    let files = [("nuxt.config.ts", config), ("server/api/auth/[...all].ts", route)];
    assert_eq!(mounts_beside(&["nuxt"], &files), ["Nuxt /api/auth/*"]);
    assert_eq!(mounts_beside(&["nuxt"], &files[1..]), [""; 0]);
}

#[test]
fn what_answers_no_requests_is_no_mount() {
    let calls = [
        "const request = new Request(new URL(\"/api/auth/get-session\", base).toString());\nawait auth.handler(request);",
        "export const call = (path) => auth.handler(new Request(`${base()}/api/auth/session`, { headers: own(path) }));",
        "const path = flag ? \"/api/auth/a\" : \"/api/auth/b\";\nawait auth.handler(new Request(new URL(path, base())));",
        "const own = (token) => new Request(`${origin()}/api/auth/verify`, { body: token });\nexport const ask = (token) => auth.handler(own(token));",
        "export const ask = (request) => auth.handler(new Request(new URL(\"/api/auth/x\", request.url), request));",
        "export const ask = (request) => { const url = new URL(request.url); url.pathname = \"/api/auth/x\";\n\
         return auth.handler(new Request(url, request)); };",
        "import { Request } from \"undici\";\nimport { URL } from \"node:url\";\n\
         export const ask = (base) => auth.handler(new Request(new URL(\"/api/auth/x\", base).toString()));",
        "export const ask = (body) => auth.handler(new Request(env.URL + \"/api/auth/sign-up/email\", { body }));",
        "if (typeof auth.handler !== \"function\") throw new Error();",
        "export const list = procedure.handler(async ({ context }) => context);",
        "const other = { handler: auth };",
    ];
    for call in calls {
        let text = format!("import {{ auth }} from \"./auth\";\n{call}");
        let model = model(&[("package.json", &package(&["hono"])), AUTH, ("src/use.ts", &text)]);
        assert_eq!(mounts(&model.servers[0]), [""; 0], "{call}");
    }
    let test = "import { auth } from \"./auth\";\nawait auth.handler(request);";
    let model = model(&[("package.json", &package(&["hono"])), AUTH, ("src/auth.test.ts", test)]);
    assert_eq!(mounts(&model.servers[0]), [""; 0]);
}

#[test]
fn what_is_asked_for_may_be_handed_over_as_another_request() {
    for made in [
        "new Request(url.toString(), request)",
        "new Request(url, { method: request.method, headers: request.headers })",
        "new Request(`${base}${request.url}`, request)",
        "new Request(getRequestURL(), request)",
        "request",
    ] {
        let text = format!(
            "import {{ Hono }} from \"hono\";\nimport {{ getRequestURL }} from \"vinxi\";\nimport {{ auth }} from \"./auth\";\n\
             new Hono().all(\"/api/auth/*\", ({{ req: {{ raw: request }} }}) => {{\n  const url = new URL(request.url);\n  \
             url.searchParams.set(\"a\", \"b\");\n  return auth.handler({made});\n}});"
        );
        assert_eq!(mounts_beside(&["hono"], &[("src/index.ts", &text)]), ["Hono /api/auth/*"], "{made}");
    }
}

#[test]
fn listeners_are_routes_only_of_requests() {
    let app = "import { Hono } from \"hono\";\nimport { auth } from \"./auth\";\nexport const app = new Hono();\n\
               app.all(\"/api/auth/*\", (c) => auth.handler(c.req.raw));\nprocess.on(\"SIGINT\", app.stop);";
    assert_eq!(mounts_beside(&["hono"], &[("src/index.ts", app)]), ["Hono /api/auth/*"]);
    let server = "import { createServer } from \"node:http\";\nimport { toNodeHandler } from \"better-auth/node\";\n\
                  import { auth } from \"./auth\";\nconst server = create();\nserver.on(\"request\", toNodeHandler(auth));";
    assert_eq!(mounts_beside(&[], &[("src/index.ts", server)]), ["Node.js -"]);
}

#[test]
fn paths_are_routes_only_where_their_framework_looks_for_them() {
    let file = "import { auth } from \"~/auth\";\nexport const answer = (request) => auth.handler(request);";
    assert_eq!(mounts_beside(&["nitro"], &[("src/lib/server/auth/index.ts", file)]), ["Nitro ?"]);
    let hooks = "import { auth } from \"$lib/auth\";\nimport { svelteKitHandler } from \"better-auth/svelte-kit\";\n\
                 export const handle = ({ event, resolve }) => svelteKitHandler({ event, resolve, auth });";
    let auth = ("src/lib/auth.ts", AUTH.1);
    let files = [("package.json", &*package(&["@sveltejs/kit"])), auth, ("src/hooks.server.ts", hooks)];
    assert_eq!(mounts(&model(&files).servers[0]), ["SvelteKit -"]);
    let files = [files.as_slice(), &[("src/routes/hooks.server.ts", hooks)]].concat();
    assert_eq!(mounts(&model(&files).servers[0]), ["SvelteKit -"]);
}

#[test]
fn a_handler_is_registered_by_its_name_at_a_path_with_a_number() {
    let handler = "import { auth } from \"./auth\";\nexport const handle = (c) => auth.handler(c.req.raw);";
    let router = "import { Hono } from \"hono\";\nimport { handle } from \"./handle\";\nnew Hono().post(\"/api/auth/oauth2/token\", handle);";
    assert_eq!(
        mounts_beside(&["hono"], &[("src/handle.ts", handler), ("src/router.ts", router)]),
        ["Hono /api/auth/oauth2/token"]
    );
}

#[test]
fn what_is_shared_elsewhere_or_under_another_key_says_nothing() {
    let sharing = "import { auth } from \"../auth\";\nexport const share = (c) => c.set(\"auth\", auth);";
    let using = |get: &str| format!("export const answer = (c) => {get}.handler(c.req.raw);");
    let (other_key, other_way) = (using("c.get(\"otherAuth\")"), using("c.auth"));
    let same = using("c.get(\"auth\")");
    let own = ("src/use/package.json", "{ \"name\": \"other\" }");
    let cases: [(&[(&str, &str)], usize); 4] = [
        (&[("src/use/a.ts", &other_key)], 0),
        (&[("src/use/a.ts", &other_way)], 0),
        (&[("src/use/a.ts", &same), own], 0),
        (&[("src/use/a.ts", &same)], 1),
    ];
    for (files, count) in cases {
        let manifest = package(&["hono"]);
        let model = model(&[&[("package.json", &*manifest), AUTH, ("src/share/a.ts", sharing)], files].concat());
        assert_eq!(model.servers[0].mounts.len(), count, "{files:?}");
    }
}

#[test]
fn what_a_package_shares_is_found_in_those_that_depend_on_it() {
    let kit = "import { createAuth } from \"@x/auth\";\nexport const start = (app) => app.use(async (c, next) => {\n\
               c.set(\"auth\", createAuth(db));\n  await next();\n});";
    let routes = "import { Hono } from \"hono\";\nexport default new Hono().on([\"GET\", \"POST\"], [\"/api/auth/*\"], async (c) => {\n\
                  return await c.var.auth.handler(c.req.raw);\n});";
    let told = |dependencies: &str| {
        let app = format!("{{ \"name\": \"app\", \"dependencies\": {{ \"hono\": \"4\"{dependencies} }} }}");
        let model = model(&[
            WORKSPACE,
            ("packages/auth/package.json", "{ \"name\": \"@x/auth\", \"exports\": \"./auth.ts\" }"),
            (
                "packages/auth/auth.ts",
                "import { betterAuth } from \"better-auth\";\nlet auth;\nconst build = (db) => betterAuth({ database: db });\n\
                 export const createAuth = (db) => (auth ??= build(db));",
            ),
            ("packages/auth/scripts/auth-cli.ts", AUTH.1),
            ("packages/kit/package.json", "{ \"name\": \"@x/kit\", \"dependencies\": { \"@x/auth\": \"*\" } }"),
            ("packages/kit/src/start.ts", kit),
            ("apps/api/package.json", &app),
            ("apps/api/src/auth.ts", routes),
        ]);
        let told = |server: &Server| (mounts(server), server.mounts_open.len());
        model.servers.iter().map(told).collect::<Vec<_>>()
    };
    let mounted = vec!["Hono /api/auth/*".to_owned()];
    // The copy for the official CLI is mounted nowhere.
    assert_eq!(told(", \"@x/kit\": \"*\""), [(mounted, 0), (vec![], 0)]);
    assert_eq!(told(""), [(vec![], 1), (vec![], 0)]);
}

#[test]
fn a_handler_of_something_unknown_is_said() {
    let text = "import { toNextJsHandler } from \"better-auth/next-js\";\nimport { getPayload } from \"payload\";\n\
                const payload = await getPayload({});\nexport const { GET, POST } = toNextJsHandler(payload.betterAuth);";
    let model = model(&[("package.json", &package(&["next"])), AUTH, ("src/app/api/auth/[...all]/route.ts", text)]);
    assert_eq!(mounts(&model.servers[0]), [""; 0]);
    let question = "which instance `toNextJsHandler` in src/app/api/auth/[...all]/route.ts mounts";
    assert_eq!(model.questions().iter().filter(|open| open.question == question).count(), 1);
    assert!(!model.undetermined.iter().any(|open| open.question == question), "no finding depends on it");
    let may_be = "`toNextJsHandler` in src/app/api/auth/[...all]/route.ts may mount it";
    assert_eq!(model.servers[0].mounts_open.iter().map(|why| &*why.reason).collect::<Vec<_>>(), [may_be]);
}

#[test]
fn a_handler_that_is_handed_on_may_be_that_of_an_instance() {
    let may_mount = |text: &str| {
        let model = model(&[("package.json", &package(&["effect"])), AUTH, ("src/routes.ts", text)]);
        assert_eq!(mounts(&model.servers[0]), [""; 0], "{text}");
        model.servers[0].mounts_open.iter().map(|why| why.reason.clone()).collect::<Vec<_>>()
    };
    let of = |name: &str| vec![format!("`{name}.handler` in src/routes.ts may mount it")];
    let effect = "import { Auth } from \"./tag\";\nexport const routes = HttpLayerRouter.use((router) => Effect.gen(function* () {\n\
                  const auth = yield* Auth;\n  yield* router.add(\"*\", \"/api/auth/*\", HttpApp.fromWebHandler(auth.handler));\n}));";
    assert_eq!(may_mount(effect), of("auth"));
    assert_eq!(may_mount("export const make = ({ auth }) => hand({ handler: auth.handler, request });"), of("auth"));
    assert_eq!(may_mount("export const make = (deps) => hand(deps.betterAuth.handler);"), of("deps.betterAuth"));
    // Other things have handlers, too.
    assert_eq!(may_mount("export const make = ({ authRouter, route }) => hand(authRouter.handler, route.handler);"), [""; 0]);
}

#[test]
fn a_handler_is_followed_into_what_is_given_it_under_another_name() {
    let http = "export function createHandler(deps: Deps) {\n  const { authInstance } = deps;\n  async function route(request: Request) {\n\
                if (new URL(request.url).pathname.startsWith(\"/api/auth\")) return authInstance.handler(request);\n  }\n  return route;\n}";
    let serve = "import { auth } from \"./auth\";\nimport { createHandler } from \"./http\";\nBun.serve({ fetch: createHandler({ authInstance: auth }) });";
    assert_eq!(mounts_beside(&["hono"], &[("src/http.ts", http), ("src/server.ts", serve)]), ["Hono /api/auth"]);
}

#[test]
fn a_path_is_told_from_the_methods_beside_it() {
    let beside = |added: &str| {
        let text = format!("import {{ auth }} from \"./auth\";\nimport {{ router, ROUTE }} from \"some-router\";\n{added}");
        mounts_beside(&["hono"], &[("src/routes.ts", &text)])
    };
    let handler = "(request) => auth.handler(request)";
    for added in [
        format!("router.add(\"*\", \"/api/auth/*\", {handler});"),
        format!("router.add(\"/api/auth/*\", \"GET\", {handler});"),
        format!("router.route([\"GET\", \"POST\"], \"/api/auth/*\", {handler});"),
        format!("const authApp = {handler};\nrouter.add(\"*\", \"/api/auth/*\", authApp);"),
    ] {
        assert_eq!(beside(&added), ["Hono /api/auth/*"], "{added}");
    }
    assert_eq!(beside(&format!("router.all(\"*\", log, {handler});")), ["Hono /*"]);
    assert_ne!(beside(&format!("router.add(\"*\", process.env.ROUTE, {handler});")), ["Hono /*"]);
}

const WORKSPACE: (&str, &str) = ("package.json", "{ \"name\": \"root\", \"workspaces\": [\"apps/*\", \"packages/*\"] }");
const CLIENT: &str = "import { createAuthClient } from \"better-auth/react\";\nexport const authClient = createAuthClient();";

#[test]
fn clients_are_linked_by_what_tells_most() {
    let server = |url: &str| {
        format!("import {{ betterAuth }} from \"better-auth\";\nexport const auth = betterAuth({{ baseURL: \"{url}\" }});")
    };
    let (one, two) = (server("https://one.example/api"), server("https://two.example"));
    let manifest = |name: &str, needs: &str| format!("{{ \"name\": \"{name}\", \"dependencies\": {{ {needs} }} }}");
    let (api, admin) = (manifest("api", ""), manifest("admin", ""));
    let with = |package: &str, client: &str| {
        let files = [
            WORKSPACE,
            ("apps/api/package.json", &*api),
            ("apps/api/src/auth.ts", &*one),
            ("apps/admin/package.json", &*admin),
            ("apps/admin/src/auth.ts", &*two),
            ("apps/web/package.json", package),
            ("apps/web/src/client.ts", client),
        ];
        let model = model(&files);
        partners(&model.clients[0]).map(|files| files.into_iter().map(str::to_owned).collect()).map_err(str::to_owned)
    };
    let lone = manifest("web", "");
    let client = |options: &str, more: &str| {
        format!(
            "import {{ createAuthClient }} from \"better-auth/react\";\n{more}\nexport const authClient = createAuthClient({options});"
        )
    };
    let linked = |path: &str| Ok::<Vec<String>, String>(vec![path.to_owned()]);
    assert_eq!(with(&lone, &client("{ baseURL: \"https://two.example/auth\" }", "")), linked("apps/admin/src/auth.ts"));
    assert_eq!(with(&manifest("web", "\"api\": \"workspace:*\""), &client("", "")), linked("apps/api/src/auth.ts"));
    let typed = client("{ baseURL: \"https://two.example\" }", "import type { auth } from \"../../api/src/auth\";");
    assert_eq!(with(&lone, &typed), linked("apps/api/src/auth.ts"));
    assert_eq!(
        with(&lone, &client("{ baseURL: process.env.API_URL }", "")),
        Err("several instances may be meant, and the environment variable `API_URL` decides".to_owned())
    );
    let needing = manifest("web", "\"api\": \"workspace:*\"");
    assert!(with(&needing, &client("{ baseURL: process.env.API_URL || \"http://localhost:3333\" }", "")).is_err());

    let both = [WORKSPACE, ("apps/api/src/auth.ts", &*one), ("apps/api/package.json", &*api), ("apps/web/client.ts", CLIENT)];
    assert_eq!(partners(&model(&both).clients[0]), Ok(vec!["apps/api/src/auth.ts"]), "there is only one");
    assert!(partners(&model(&[("src/client.ts", CLIENT)]).clients[0]).is_err());
    let test = [AUTH, ("tests/client.ts", CLIENT)];
    assert_eq!(partners(&model(&test).clients[0]), Ok(vec!["src/auth.ts"]), "tests call what is live");
}

#[test]
fn audiences_are_inferred_with_their_evidence() {
    let next = package(&["next"]);
    let web = model(&[("package.json", &next), AUTH, ("src/client.ts", CLIENT)]);
    assert_eq!(audiences(&web.servers[0]), [Audience::Web]);
    assert_eq!(web.servers[0].contexts[0].evidence[0].text, "`authClient` is part of pages that Next.js renders in the root");
    assert!(web.servers[0].contexts[0].evidence[0].at.as_ref().is_some_and(|site| &*site.file == "src/client.ts"));

    let vinext = model(&[("package.json", &package(&["vinext", "vite"])), AUTH, ("src/client.ts", CLIENT)]);
    assert_eq!(vinext.servers[0].contexts[0].evidence[0].text, "`authClient` is part of pages that Next.js renders in the root");

    let test = "import { auth } from \"./auth\";\nexport const ask = (path) => auth.handler(new Request(base + path));";
    let tested = model(&[("package.json", &next), ("tests/auth.ts", AUTH.1), ("tests/a.test.ts", test)]);
    assert_eq!(tested.servers[0].role, Role::Test);
    assert_eq!((tested.servers[0].mounts.len(), audiences(&tested.servers[0])), (1, vec![]), "tests are no pages");

    let vite = package(&["vite", "hono"]);
    let spa = [("package.json", &*vite), ("index.html", "<html>"), AUTH, ("src/client.ts", CLIENT)];
    assert_eq!(audiences(&model(&spa).servers[0]), [Audience::SpaMobile]);
    for (root, page) in [
        ("\"web\"", "web/index.html"),
        ("resolve(import.meta.dirname, \"src/web\")", "src/web/index.html"),
        ("rootOf()", "web/index.html"),
        ("\"web\"", "docs/index.html"),
    ] {
        let config = format!("export default defineConfig({{ root: {root} }});");
        let below = [("package.json", &*vite), ("vite.config.ts", &config), (page, "<html>"), AUTH, ("src/client.ts", CLIENT)];
        let is_known = root != "rootOf()" && page != "docs/index.html";
        assert_eq!(audiences(&model(&below).servers[0]) == [Audience::SpaMobile], is_known, "{root} {page}");
    }
    let library = [("package.json", &*vite), AUTH, ("src/client.ts", CLIENT)];
    assert_eq!(audiences(&model(&library).servers[0]), [], "without a page Vite is only a tool");

    let shared = [
        WORKSPACE,
        ("packages/auth/package.json", "{ \"name\": \"@x/auth\" }"),
        ("packages/auth/auth.ts", AUTH.1),
        ("packages/auth/client.ts", CLIENT),
        (
            "apps/site/package.json",
            "{ \"name\": \"site\", \"dependencies\": { \"astro\": \"5\", \"@x/auth\": \"workspace:*\" } }",
        ),
        ("apps/site/src/user.ts", "import { authClient } from \"@x/auth/client\";"),
        (
            "apps/phone/package.json",
            "{ \"name\": \"phone\", \"dependencies\": { \"expo\": \"54\", \"@x/auth\": \"workspace:*\" } }",
        ),
        ("apps/phone/src/user.ts", "import { authClient } from \"@x/auth/client\";"),
    ];
    assert_eq!(audiences(&model(&shared).servers[0]), [Audience::Web, Audience::SpaMobile]);

    let bearer = "import { betterAuth } from \"better-auth\";\nimport { bearer } from \"better-auth/plugins\";\n\
                  export const auth = betterAuth({ plugins: [bearer()] });";
    let told = |files: &[(&str, &str)]| {
        let model = model(&[&[("src/auth.ts", bearer), ("src/client.ts", CLIENT)], files].concat());
        let contexts = model.servers[0].contexts.iter().filter(|context| context.audience == Audience::SpaMobile);
        contexts.flat_map(|context| &context.evidence).map(|one| one.text.clone()).collect::<Vec<_>>()
    };
    let plugin = "the `bearer` plugin takes tokens of programs without cookies";
    assert_eq!(told(&[("package.json", &next)]), [format!("{plugin}; none is seen in the repository")]);
    let program = "`authClient` runs in the root, which is made with Vite";
    assert_eq!(told(&[("package.json", &vite), ("index.html", "<html>")]), [program, plugin]);

    let keys = "import { betterAuth } from \"better-auth\";\nimport { apiKey } from \"@better-auth/api-key\";\n\
                export const auth = betterAuth({ plugins: [apiKey()] });";
    assert_eq!(audiences(&model(&[("package.json", &next), ("src/auth.ts", keys)]).servers[0]), [Audience::Machines]);
}

#[test]
fn pages_that_no_server_renders_run_in_browsers() {
    let told = |dependency: &str, file: &str, text: &str| {
        let package = package(&[dependency]);
        let model = model(&[("package.json", &package), AUTH, ("src/client.ts", CLIENT), (file, text)]);
        let contexts = &model.servers[0].contexts;
        contexts.iter().map(|one| (one.audience, one.evidence[0].text.clone())).collect::<Vec<_>>()
    };
    for (dependency, file, text, what) in [
        ("@react-router/dev", "react-router.config.ts", "export default { ssr: false } satisfies Config;", "`ssr` is `false`"),
        ("nuxt", "nuxt.config.ts", "export default defineNuxtConfig({ ssr: false });", "`ssr` is `false`"),
        (
            "next",
            "next.config.mjs",
            "const config = { output: \"export\" };\nexport default withMDX(config);",
            "`output` is `export`",
        ),
        ("next", "next.config.js", "module.exports = { output: \"export\" };", "`output` is `export`"),
        (
            "@sveltejs/kit",
            "svelte.config.js",
            "import adapter from \"@sveltejs/adapter-static\";\nexport default { kit: { adapter: adapter() } };",
            "`kit.adapter` is `@sveltejs/adapter-static`",
        ),
        ("@sveltejs/kit", "src/routes/+layout.ts", "export const ssr = false;", "`ssr` is `false`"),
        ("astro", "astro.config.mjs", "export default defineConfig({});", "`output` is not set"),
        ("@solidjs/start", "app.config.ts", "export default defineConfig({ ssr: false });", "`ssr` is `false`"),
    ] {
        let expected = format!("no server renders the pages of the root: {what} in {file}");
        assert_eq!(told(dependency, file, text), [(Audience::SpaMobile, expected)], "{file}: {text}");
    }
    for (dependency, file, text) in [
        ("@react-router/dev", "react-router.config.ts", "export default { ssr: true };"),
        ("nuxt", "nuxt.config.ts", "export default defineNuxtConfig({ ssr: process.env.SSR === \"1\" });"),
        ("next", "next.config.mjs", "export default { output: \"standalone\" };"),
        ("astro", "astro.config.mjs", "export default defineConfig({ adapter: node({ mode: \"standalone\" }) });"),
        ("astro", "astro.config.mjs", "export default defineConfig({ output: \"server\" });"),
        ("astro", "astro.config.mjs", "import { settings } from \"./gone\";\nexport default defineConfig(settings);"),
    ] {
        let audiences: Vec<Audience> = told(dependency, file, text).into_iter().map(|(audience, _)| audience).collect();
        assert_eq!(audiences, [Audience::Web], "{file}: {text}");
    }
}

#[test]
fn an_application_may_lie_in_a_folder_that_scripts_name() {
    let manifest = |script: &str| {
        format!(
            "{{ \"dependencies\": {{ \"better-auth\": \"1.4.18\", \"vite\": \"*\" }}, \"scripts\": {{ \"build\": \"{script}\" }} }}"
        )
    };
    let client = "import { createAuthClient } from \"better-auth/react\";\nexport const client = createAuthClient();";
    let seen = |script: &str| {
        let files = [("package.json", &*manifest(script)), AUTH, ("web/index.html", "<html>"), ("web/src/api.ts", client)];
        audiences(&model(&files).servers[0])
    };
    assert_eq!(seen("tsc && vite build web"), [Audience::SpaMobile]);
    assert_eq!(seen("vite build"), []);
    assert_eq!(seen("vite build --outDir web"), []);
}

#[test]
fn the_project_may_say_for_whom_it_is() {
    let next = package(&["next"]);
    let files = [
        WORKSPACE,
        ("apps/web/package.json", &*next),
        ("apps/web/auth.ts", AUTH.1),
        ("apps/api/package.json", &*next),
        ("apps/api/auth.ts", AUTH.1),
    ];
    let model = model_with("[contexts]\n\".\" = [\"web\"]\n\"apps/api\" = [\"m2m\", \"spa-mobile\"]\n", &files);
    let told: Vec<_> = model.servers.iter().map(|server| (&*server.at.file, audiences(server))).collect();
    assert_eq!(
        told,
        [("apps/api/auth.ts", vec![Audience::Machines, Audience::SpaMobile]), ("apps/web/auth.ts", vec![Audience::Web])]
    );
    assert!(model.servers[0].contexts.iter().all(|context| context.evidence.iter().all(|evidence| evidence.at.is_none())));
}

#[test]
fn clients_are_told_apart_by_the_path_of_the_routes() {
    let server = |options: &str| {
        format!("import {{ betterAuth }} from \"better-auth\";\nexport const auth = betterAuth({{ {options} }});")
    };
    let client = |options: &str| {
        format!(
            "import {{ createAuthClient }} from \"better-auth/react\";\nexport const authClient = createAuthClient({options});"
        )
    };
    let (public, internal, open) = (server(""), server("basePath: \"/internal\""), server("baseURL: process.env.URL"));
    for (options, expected) in [
        ("{ basePath: \"/internal\" }", vec!["src/internal.ts", "src/open.ts"]),
        ("{ baseURL: \"http://localhost/internal\" }", vec!["src/internal.ts", "src/open.ts"]),
        ("{}", vec!["src/open.ts", "src/public.ts"]),
        ("{ basePath: process.env.PATH }", vec!["src/internal.ts", "src/open.ts", "src/public.ts"]),
    ] {
        let text = client(options);
        let files =
            [("src/public.ts", &*public), ("src/internal.ts", &internal), ("src/open.ts", &open), ("src/client.ts", &text)];
        assert_eq!(partners(&model(&files).clients[0]), Ok(expected), "{options}");
    }
}

#[test]
fn a_client_knows_an_instance_through_files_that_pass_it_on() {
    let server = "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth({});";
    let client = "import { createAuthClient } from \"better-auth/react\";\nimport type { auth } from \"@acme/auth\";\nexport const authClient = createAuthClient({ baseURL: process.env.URL });";
    let files = [
        WORKSPACE,
        ("apps/auth/package.json", "{ \"name\": \"@acme/auth\", \"main\": \"src/index.ts\" }"),
        ("apps/auth/src/index.ts", "export * from \"./auth\";"),
        ("apps/auth/src/auth.ts", server),
        ("apps/other/package.json", "{ \"name\": \"other\" }"),
        ("apps/other/src/auth.ts", server),
        ("apps/web/package.json", "{ \"name\": \"web\" }"),
        ("apps/web/src/client.ts", client),
    ];
    assert_eq!(partners(&model(&files).clients[0]), Ok(vec!["apps/auth/src/auth.ts"]));
}

#[test]
fn what_only_the_official_cli_reads_is_a_copy_for_it() {
    let route = (
        "src/app/api/auth/[...all]/route.ts",
        "import { auth } from \"@/auth\";\nimport { toNextJsHandler } from \"better-auth/next-js\";\n\
         export const { GET, POST } = toNextJsHandler(auth);",
    );
    let client = (
        "src/client.ts",
        "import { createAuthClient } from \"better-auth/react\";\nimport { auth } from \"../better-auth.config\";\n\
         export const authClient = createAuthClient({ plugins: [inferAdditionalFields<typeof auth>()] });",
    );
    let copy =
        "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth({});\nexport type Auth = typeof auth;";
    let manifest = package(&["next"]);
    let roles = |files: &[(&str, &str)]| {
        let model = model(&[&[("package.json", &*manifest), AUTH], files].concat());
        let linked = model.clients.first().map(|client| partners(client).map_or(0, |files| files.len()));
        (model.servers[0].role, linked)
    };
    let copied = ("better-auth.config.ts", copy);
    assert_eq!(roles(&[copied, route, client]), (Role::CliCopy, Some(1)));
    assert_eq!(roles(&[copied, client]), (Role::Live, Some(1)), "none of them is used");
    let asker = (
        "src/use.ts",
        "import { auth } from \"./auth\";\nexport const sessionOf = (headers) => auth.api.getSession({ headers });",
    );
    assert_eq!(roles(&[copied, asker]).0, Role::CliCopy, "the other is used, wherever it is mounted");
    let used = format!("{copy}\nexport const sessionOf = (headers) => auth.api.getSession({{ headers }});");
    assert_eq!(roles(&[("better-auth.config.ts", &used), route]).0, Role::Live, "its own file uses it");
    let user = ("src/use.ts", "import { auth } from \"../better-auth.config\";\nauth.api.signOut({});");
    assert_eq!(roles(&[copied, route, user]).0, Role::Live, "another file uses it");
    let other = copy.replace("auth = better", "other = better").replace("typeof auth", "typeof other");
    assert_eq!(roles(&[("better-auth.config.ts", &other), route]).0, Role::Live, "the CLI does not look for it");
}

#[test]
fn clients_talk_to_what_is_mounted() {
    let two = (
        "src/auth.ts",
        "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth({});\nexport const pages = betterAuth({});",
    );
    let route = "import { auth } from \"@/auth\";\nexport const GET = (request) => auth.handler(request);";
    let files = [("package.json", &*package(&["next"])), two, ("src/app/api/auth/[...all]/route.ts", route)];
    let (client, elsewhere) = (("src/client.ts", CLIENT), ("apps/web/src/client.ts", CLIENT));
    let linked = |files: &[(&str, &str)]| match model(files).clients[0].partners.clone() {
        Partners::Servers { at, why } => (at.len(), why),
        _ => (0, String::new()),
    };
    assert_eq!(linked(&[files.as_slice(), &[client]].concat()), (1, "it is in the same package".to_owned()));
    assert_eq!(linked(&[files[0], files[1], client]), (2, "it is in the same package".to_owned()));
    let own = ("apps/web/package.json", "{ \"name\": \"web\" }");
    assert_eq!(linked(&[files.as_slice(), &[elsewhere, own]].concat()), (1, "no other instance is mounted".to_owned()));
}

#[test]
fn a_mounted_site_of_documentation_is_live() {
    let auth = "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth({});";
    let route = "import { toNextJsHandler } from \"better-auth/next-js\";\nimport { auth } from \"../../../../lib/auth\";\nexport const { GET, POST } = toNextJsHandler(auth);";
    let next = package(&["next"]);
    let role = |folder: &str, manifest: &str, mounted: bool| {
        let path = |inside: &str| format!("{folder}/{inside}");
        let (auth_at, route_at, manifest_at) =
            (path("lib/auth.ts"), path("app/api/auth/[...all]/route.ts"), format!("{manifest}package.json"));
        let mut files = vec![(manifest_at.as_str(), next.as_str()), (auth_at.as_str(), auth)];
        if mounted {
            files.push((route_at.as_str(), route));
        }
        model(&files).servers[0].role
    };
    assert_eq!(role("apps/docs", "apps/docs/", true), Role::Live);
    assert_eq!(role("apps/docs", "apps/docs/", false), Role::Example, "nothing mounts it");
    assert_eq!(role("docs/demo", "docs/demo/", true), Role::Example, "a demonstration within the documentation");
    assert_eq!(role("examples/docs", "examples/docs/", true), Role::Example);
    assert_eq!(role("examples/next", "examples/next/", true), Role::Example);
}

#[test]
fn a_question_of_the_version_names_the_lockfile_that_is_not_read() {
    let files = [("package.json", &*package(&["hono"])), AUTH, ("bun.lockb", "")];
    let reasons = |files: &[(&str, &str)]| model(files).undetermined.iter().map(|open| open.reason.clone()).collect::<Vec<_>>();
    let taken = "the lowest that the range asked for admits is taken";
    let named = "`bun.lockb` is binary and not read (`bun install --save-text-lockfile` writes one that is)";
    assert!(reasons(&files).contains(&format!("{named}; {taken}")));
    assert!(reasons(&files[..2]).contains(&format!("no lockfile gives its exact version; {taken}")));
}

/// The files of the servers that the only client of some files is linked to, and what tells.
fn link(files: &[(&str, &str)]) -> (Vec<String>, String) {
    match model(files).clients[0].partners.clone() {
        Partners::Servers { at, why } => (at.iter().map(|site| site.file.to_string()).collect(), why),
        Partners::Elsewhere(why) => (vec![], why.to_owned()),
        Partners::Undetermined(why) => (vec![], why),
    }
}

#[test]
fn the_package_of_a_client_has_its_instance_or_mounts_it() {
    let route = "import { auth } from \"@x/auth\";\nexport const GET = (request) => auth.handler(request);";
    let files = [
        WORKSPACE,
        ("packages/auth/package.json", "{ \"name\": \"@x/auth\", \"main\": \"auth.ts\" }"),
        ("packages/auth/auth.ts", AUTH.1),
        ("packages/other/package.json", "{ \"name\": \"@x/other\" }"),
        ("packages/other/auth.ts", AUTH.1),
        ("apps/web/package.json", "{ \"dependencies\": { \"next\": \"16\", \"@x/auth\": \"*\" } }"),
        ("apps/web/app/api/auth/[...all]/route.ts", route),
        ("apps/web/client.ts", CLIENT),
    ];
    assert_eq!(link(&files), (vec!["packages/auth/auth.ts".to_owned()], "its package mounts it".to_owned()));
}

#[test]
fn clients_are_linked_within_their_workspace_and_by_their_plugins() {
    let client = "import { createAuthClient } from \"better-auth/react\";\nimport { adminClient } from \"better-auth/client/plugins\";\n\
                  export const authClient = createAuthClient({ baseURL: process.env.URL, plugins: [adminClient()] });";
    let able = "import { betterAuth } from \"better-auth\";\nimport { admin } from \"better-auth/plugins\";\n\
                export const auth = betterAuth({ plugins: [admin()] });";
    let open = "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth({ plugins: more() });";
    let files = |first: &'static str, second: &'static str, locks: &[(&'static str, &'static str)]| {
        let files = [
            ("one/api/package.json", "{}"),
            ("one/api/auth.ts", first),
            ("two/api/package.json", "{}"),
            ("two/api/auth.ts", second),
            ("two/web/package.json", "{}"),
            ("two/web/client.ts", client),
        ];
        link(&[files.as_slice(), locks].concat())
    };
    let one = |why: &str| (vec!["one/api/auth.ts".to_owned()], why.to_owned());
    let two = |why: &str| (vec!["two/api/auth.ts".to_owned()], why.to_owned());
    let locks = [("one/pnpm-lock.yaml", ""), ("two/bun.lockb", "")];
    assert_eq!(files(AUTH.1, AUTH.1, &locks), two("there is no other instance in its workspace"));
    let roots = [("one/package.json", "{}"), ("two/package.json", "{ \"workspaces\": [\"*\"] }")];
    assert_eq!(files(AUTH.1, AUTH.1, &roots), two("there is no other instance in its workspace"));
    // Programs with lockfiles of their own still may talk to each other.
    let apart = [("one/api/bun.lock", ""), ("two/api/bun.lock", ""), ("two/web/bun.lock", "")];
    assert_eq!(files(able, AUTH.1, &apart), one("no other instance has the plugins that it asks for"));
    assert_eq!(files(able, AUTH.1, &[]), one("no other instance has the plugins that it asks for"));
    for (first, second) in [(able, able), (AUTH.1, AUTH.1), (able, open), (AUTH.1, open)] {
        assert_eq!(files(first, second, &[]).0, [""; 0], "{first} {second}");
    }
}

#[test]
fn what_nothing_uses_is_called_a_copy_for_the_cli_where_that_finds_it() {
    let titles = |path: &'static str| -> Vec<String> {
        let mounted = "import { auth } from \"./own\";\nimport { toNextJsHandler } from \"better-auth/next-js\";\nexport const { GET, POST } = toNextJsHandler(auth);";
        let model = model(&[
            ("package.json", &package(&["next"])),
            (path, AUTH.1),
            ("src/own.ts", AUTH.1),
            ("src/app/api/auth/[...all]/route.ts", &mounted.replace("./own", "../../../../own")),
        ]);
        let style = Style { color: false, hyperlinks: false, width: 120, verbose: false };
        let locate = |site: &Site| Location { file: site.file.to_string(), line: 1, column: 1, end_line: 1, end_column: 1 };
        let page = inspect::terminal(&model, &locate, &style);
        page.lines().filter(|line| line.starts_with("server")).map(str::to_owned).collect()
    };
    let of_cli = titles("src/auth.ts");
    assert!(of_cli[0].contains("src/own.ts") && of_cli[1].ends_with("(a copy for the official CLI)"), "{of_cli:?}");
    let unused = titles("src/kit/auth.ts");
    assert!(unused[0].contains("src/own.ts") && unused[1].ends_with("(nothing in the repository uses it)"), "{unused:?}");
}

#[test]
fn a_function_that_only_the_official_cli_calls_makes_a_copy() {
    let made = "import { betterAuth } from \"better-auth\";\nexport const initAuth = (options) => betterAuth({ secret: options.secret });";
    let call = "import { initAuth } from \"../src/auth\";\nexport const auth = initAuth({ secret: \"secret\" });";
    let manifest = package(&["next"]).replacen('{', "{ \"private\": true,", 1);
    let roles = |files: &[(&str, &str)]| {
        let model = model(&[&[("package.json", &*manifest), ("src/auth.ts", made), ("src/client.ts", CLIENT)], files].concat());
        assert_eq!(partners(&model.clients[0]), Ok(vec!["src/auth.ts"]), "the client is for it all the same");
        model.servers[0].role
    };
    assert_eq!(roles(&[("script/auth-cli.ts", call)]), Role::CliCopy);
    assert_eq!(roles(&[("script/auth-cli.ts", call), ("src/server.ts", call)]), Role::Live);
    let handed_on = "import { initAuth } from \"./auth\";\nprovide(initAuth);";
    assert_eq!(roles(&[("script/auth-cli.ts", call), ("src/server.ts", handed_on)]), Role::Live);
    assert_eq!(roles(&[]), Role::Live, "nothing is seen to call it");
}

#[test]
fn clients_without_a_name_are_called_as_they_are_written() {
    let text = "import { createAuthClient } from \"better-auth/react\";\n\
                export const { signIn, signUp: join, useSession, signOut } = createAuthClient();\n\
                export const { getSession } = createAuthClient();\nprovide(createAuthClient());\nexport const own = createAuthClient();";
    let model = model(&[("src/client.ts", text)]);
    let names: Vec<&str> = model.clients.iter().map(|client| &*client.name).collect();
    assert_eq!(names, ["{ signIn, signUp, useSession, … }", "{ getSession }", "createAuthClient(…)", "own"]);
}

#[test]
fn a_client_is_not_linked_against_the_base_path_it_is_given() {
    let server = |options: &str| {
        format!("import {{ betterAuth }} from \"better-auth\";\nexport const auth = betterAuth({{ {options} }});")
    };
    let (usual, staff) = (server(""), server("basePath: \"/api/staff\""));
    let linked = |options: &str, home: &str| {
        let text = format!(
            "import {{ createAuthClient }} from \"better-auth/react\";\nimport type {{ auth }} from \"../../a/src/usual\";\n\
             export type Session = typeof auth.$Infer.Session;\nexport const client = createAuthClient({options});"
        );
        let staff_file = format!("{home}/src/staff.ts");
        let files = [
            ("package.json", "{ \"workspaces\": [\"*\"] }"),
            ("a/package.json", "{ \"name\": \"a\" }"),
            ("b/package.json", "{ \"name\": \"b\" }"),
            ("c/package.json", "{ \"name\": \"c\" }"),
            ("a/src/usual.ts", &*usual),
            (&*staff_file, &*staff),
            ("b/src/client.ts", &*text),
        ];
        link(&files)
    };
    let by_type = |why: &str| (vec!["a/src/usual.ts".to_owned()], why.to_owned());
    let imports_it = "its file imports the instance or its type";
    let is_staff = |home: &str, why: &str| (vec![format!("{home}/src/staff.ts")], why.to_owned());
    assert_eq!(linked("{ basePath: \"/api/staff\" }", "b"), is_staff("b", "it is in the same package"));
    assert_eq!(linked("{ basePath: \"/api/staff\" }", "c"), is_staff("c", "no other instance has its base path"));
    assert_eq!(linked("{ baseURL: \"https://a.example/api/staff\" }", "c"), is_staff("c", "no other instance has its base path"));
    // No instance has the path, or nothing tells one: the type speaks.
    for options in
        ["{ basePath: \"/api/other\" }", "{}", "{ basePath: process.env.PATH_OF_AUTH }", "{ baseURL: \"https://a.example\" }"]
    {
        assert_eq!(linked(options, "b"), by_type(imports_it), "{options}");
    }
}

#[test]
fn a_client_of_another_address_talks_to_none_of_several() {
    let server = |url: &str| {
        format!("import {{ betterAuth }} from \"better-auth\";\nexport const auth = betterAuth({{ baseURL: \"{url}\" }});")
    };
    let (one, other) = (server("https://a.example"), server("https://b.example"));
    let client = |url: &str| {
        format!(
            "import {{ createAuthClient }} from \"better-auth/react\";\nexport const client = createAuthClient({{ baseURL: \"{url}\" }});"
        )
    };
    let linked = |url: &str, files: &[(&str, &str)]| link(&[files, &[("src/client.ts", &*client(url))]].concat()).0;
    let both = [("src/one.ts", &*one), ("src/other.ts", &*other)];
    assert!(linked("https://c.example", &both).is_empty());
    assert_eq!(linked("https://b.example", &both), ["src/other.ts"]);
    // The only one may well be meant: it is at another address while it is developed.
    assert_eq!(linked("http://localhost:3000", &both[..1]), ["src/one.ts"]);
}

#[test]
fn what_reaches_no_database_is_a_copy_for_the_official_cli() {
    let role = |adapter: &str, rest: &str| {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ convexAdapter }} from \"@convex-dev/better-auth\";\nimport {{ prismaAdapter }} from \"better-auth/adapters/prisma\";\n\
             const options = (context) => ({{ database: {adapter} }});\nexport const auth = betterAuth(options({{}}));\n{rest}"
        );
        let manifest = package(&["convex"]).replacen('{', "{ \"exports\": { \"./*\": \"./*.js\" },", 1);
        let real = "import { betterAuth } from \"better-auth\";\nimport { convexAdapter } from \"@convex-dev/better-auth\";\nimport { component } from \"./component\";\n\
                    export const createAuth = (context) => betterAuth({ database: convexAdapter(context, component) });";
        let role = |files: &[(&str, &str)]| {
            let model = model(&[[("package.json", manifest.as_str()), ("convex/auth.ts", &auth)].as_slice(), files].concat());
            model.servers.iter().find(|server| &*server.at.file == "convex/auth.ts").expect("a server").role
        };
        assert_eq!(role(&[]), Role::Live, "the only one tells what the tables are to be");
        role(&[("convex/real.ts", real)])
    };
    assert_eq!(role("convexAdapter({} as never, {} as never)", ""), Role::CliCopy);
    assert_eq!(role("prismaAdapter({} as any, { provider: \"sqlite\" })", ""), Role::CliCopy);
    assert_eq!(role("prismaAdapter(prisma, { provider: \"sqlite\" })", ""), Role::Live);
    assert_eq!(role("prismaAdapter({} as any, {})", "export const handle = (request) => auth.handler(request);"), Role::Live);
    // Which tables such a one finds is no question.
    let auth = "import { betterAuth } from \"better-auth\";\nimport { drizzleAdapter } from \"better-auth/adapters/drizzle\";\n\
                export const auth = betterAuth({ database: drizzleAdapter({} as never, { provider: \"pg\" }) });";
    let asks = |auth: &str| {
        let model = model(&[("package.json", &*package(&[])), ("src/auth.ts", auth)]);
        model.undetermined.iter().any(|open| open.question.starts_with("which tables the adapter"))
    };
    assert!(!asks(auth) && asks(&auth.replace("{} as never", "made()")));
}

#[test]
fn routers_are_followed_under_all_their_names() {
    let imports = "import { Hono } from \"hono\";\nimport { auth } from \"./auth\";\n";
    let handler = "on([\"GET\", \"POST\"], \"/*\", (c) => auth.handler(c.req.raw))";
    let whole = "import { Hono } from \"hono\";\nimport { authRouter } from \"./part\";\nconst app = new Hono().basePath(\"/api\");\n\
                 const routes = app.get(\"/health\", (c) => c.json({})).route(\"/auth\", authRouter);\nexport default { fetch: app.fetch };";
    for part in [
        format!("const app = new Hono();\nexport const authRouter = app.get(\"/me\", (c) => c.json(null)).{handler};"),
        format!("const app = new Hono();\napp.{handler};\nexport const authRouter = app;"),
        format!("export const authRouter = new Hono().{handler};"),
    ] {
        let part = format!("{imports}{part}");
        assert_eq!(mounts_beside(&["hono"], &[("src/part.ts", &part), ("src/index.ts", whole)]), ["Hono /api/auth/*"], "{part}");
    }
    let made =
        format!("{imports}export function authModule() {{ const app = new Hono().basePath(\"/auth\").{handler}; return app; }}");
    for (name, rest) in [("app", ""), ("routes", "const routes = app;")] {
        let whole = format!(
            "import {{ Hono }} from \"hono\";\nimport {{ authModule }} from \"./part\";\nconst made = authModule();\n\
             const app = new Hono().basePath(\"/api\");\n{rest}\n{name}.route(\"/\", made);\nexport default app;"
        );
        assert_eq!(
            mounts_beside(&["hono"], &[("src/part.ts", &made), ("src/index.ts", &whole)]),
            ["Hono /api/auth/*"],
            "{whole}"
        );
    }
}

#[test]
fn what_a_wrapper_of_a_router_puts_before_its_routes_is_not_known() {
    let wrapper = (
        "src/service.ts",
        "import { Hono } from \"hono\";\nexport function createService({ basePath }) {\n  const hono = new Hono().basePath(basePath);\n\
         \u{20} return { hono, access: (policy) => ({ all: (path, handler) => hono.all(path, handler) }) };\n}",
    );
    let route = "import { createService } from \"./service\";\nimport { auth } from \"./auth\";\n\
                 export const secured = createService({ basePath: \"/api\" });\nsecured.access(\"public\").all(\"/auth/*\", (c) => auth.handler(c.req.raw));";
    assert_eq!(mounts_beside(&["hono"], &[wrapper, ("src/route.ts", route)]), ["Hono …/auth/*"]);
}

#[test]
fn methods_taken_out_of_handlers_are_followed() {
    let handlers = "import { toNextJsHandler } from \"better-auth/next-js\";\nimport { auth } from \"./auth\";\nexport const handlers = toNextJsHandler(auth);";
    let route = "import { handlers } from \"@/handlers\";\nconst { POST: authPOST, GET: authGET } = handlers;\n\
                 export const POST = async (request) => authPOST(request);\nexport const GET = async (request) => authGET(request);";
    let files = [("src/handlers.ts", handlers), ("src/app/api/auth/[...all]/route.ts", route)];
    assert_eq!(mounts_beside(&["next"], &files), ["Next.js /api/auth/*"]);
    let another = route.replace("authPOST(request)", "own(request)").replace("authGET(request)", "own(request)");
    assert_eq!(mounts_beside(&["next"], &[files[0], (files[1].0, &another)]), ["Next.js ?"]);
}

#[test]
fn what_a_container_gives_an_object_is_of_the_class_it_names() {
    let controller = "import { All, Controller } from \"@nestjs/common\";\nimport { toNodeHandler } from \"better-auth/node\";\nimport { AuthService } from \"./auth.service\";\n\
                      @Controller(\"api/auth\")\nexport class AuthController {\n  constructor(private readonly authService: AuthService) {}\n\
                      \u{20} @All(\"*path\")\n  handle(request, response) { return toNodeHandler(this.authService.auth)(request, response); }\n}";
    let (imports, settings) = (
        "import { betterAuth } from \"better-auth\";\nexport class AuthService {",
        "{ exclude: [\"api/auth/(.*)\", \"health\"] }",
    );
    for (service, prefix, expected) in [
        ("public readonly auth = betterAuth({});\n}", "", "NestJS /api/auth/*path"),
        (
            "public readonly auth;\n  constructor() { const auth = betterAuth({}); this.auth = auth; }\n}",
            "",
            "NestJS /api/auth/*path",
        ),
        ("public readonly auth = betterAuth({});\n}", "app.setGlobalPrefix(\"v1\");", "NestJS /v1/api/auth/*path"),
        ("public readonly auth = betterAuth({});\n}", settings, "NestJS /api/auth/*path"),
        ("public readonly auth = betterAuth({});\n}", "{ exclude: [\"health\", \"api/auth\"] }", "NestJS /v1/api/auth/*path"),
        ("public readonly auth = betterAuth({});\n}", "{ exclude: [pattern()] }", "NestJS …/api/auth/*path"),
    ] {
        let service = format!("{imports}\n  {service}");
        let main = match prefix {
            "" => String::new(),
            set if set.starts_with("app") => set.to_owned(),
            options => format!("app.setGlobalPrefix(\"v1\", {options});"),
        };
        let main =
            format!("import {{ NestFactory }} from \"@nestjs/core\";\nconst app = await NestFactory.create(Module);\n{main}");
        let files = [
            ("package.json", &*package(&["@nestjs/common"])),
            ("src/main.ts", &*main),
            ("src/auth.service.ts", &*service),
            ("src/auth.controller.ts", controller),
        ];
        assert_eq!(mounts(&model(&files).servers[0]), [expected], "{service} {main}");
    }
}

#[test]
fn aliases_of_sveltekit_are_read_as_templates_write_them() {
    let route = "import { auth } from \"$server/auth\";\nexport const GET = ({ request }) => auth.handler(request);";
    let auth = ("src/lib/server/auth/index.ts", AUTH.1);
    let found = |alias: &str| {
        let config = format!("const config = {{ kit: {{ alias: {{ {alias} }} }} }};\nexport default config;");
        let files = [
            ("package.json", &*package(&["@sveltejs/kit"])),
            ("svelte.config.js", &*config),
            auth,
            ("src/routes/api/auth/[...all]/+server.ts", route),
        ];
        mounts(&model(&files).servers[0])
    };
    for alias in ["$server: \"src/lib/server\"", "$server: \"./src/lib/server/*\"", "\"$server/*\": \"src/lib/server/*\""] {
        assert_eq!(found(alias), ["SvelteKit /api/auth/*"], "{alias}");
    }
    assert_eq!(found("\"$server/more/*\": \"src/lib/server/*\""), [""; 0]);
}

#[test]
fn names_that_nitro_imports_may_be_passed_on() {
    let database = "import * as schema from \"../../database/schema\";\nimport { auth } from \"./instance\";\nexport { schema, auth as instance };";
    let auth = "import { betterAuth } from \"better-auth\";\nimport { drizzleAdapter } from \"better-auth/adapters/drizzle\";\n\
                export const serverAuth = betterAuth({ database: drizzleAdapter(db, { provider: \"sqlite\", schema }) });";
    let tables = "import { sqliteTable, text } from \"drizzle-orm/sqlite-core\";\nexport const user = sqliteTable(\"user\", { id: text(\"id\").primaryKey() });";
    let files = [
        ("package.json", &*package(&["nuxt"])),
        ("database/schema.ts", tables),
        ("server/utils/database.ts", database),
        ("server/utils/auth.ts", auth),
    ];
    let model = model(&files);
    assert!(
        model.servers[0].declared.lookup.tables.iter().any(|(name, _)| name == "user"),
        "{:?}",
        model.servers[0].declared.lookup
    );
}

#[test]
fn a_package_that_others_use_shows_no_pages_by_itself() {
    let files = |config: &'static str| {
        let files = [
            ("package.json", "{ \"workspaces\": [\"apps/*\", \"packages/*\"] }"),
            (
                "packages/api/package.json",
                "{ \"name\": \"@x/api\", \"dependencies\": { \"next\": \"16\", \"better-auth\": \"1.7.0\" } }",
            ),
            ("packages/api/auth.ts", AUTH.1),
            ("packages/api/client.ts", CLIENT),
            (config, "export default {};"),
            ("packages/ui/package.json", "{ \"name\": \"@x/ui\", \"dependencies\": { \"@x/api\": \"*\", \"next\": \"16\" } }"),
            ("packages/ui/login.tsx", "import { authClient } from \"@x/api/client\";"),
            ("apps/web/package.json", "{ \"dependencies\": { \"@x/api\": \"*\", \"@x/ui\": \"*\", \"expo\": \"54\" } }"),
            ("apps/web/page.tsx", "import { Login } from \"@x/ui/login\";"),
        ];
        audiences(&model(&files).servers[0])
    };
    assert_eq!(files("packages/api/other.config.ts"), [Audience::SpaMobile]);
    assert_eq!(files("packages/api/next.config.ts"), [Audience::Web]);
}

#[test]
fn a_client_is_part_of_the_applications_that_import_it() {
    let told = |more: &[(&str, &str)]| {
        let shared = [
            WORKSPACE,
            ("packages/auth/package.json", "{ \"name\": \"@x/auth\" }"),
            ("packages/auth/auth.ts", AUTH.1),
            ("packages/auth/client.ts", CLIENT),
        ];
        let model = model(&[&shared[..], more].concat());
        let evidence = model.servers[0].contexts.iter().flat_map(|context| &context.evidence);
        evidence.map(|one| one.text.clone()).collect::<Vec<_>>()
    };
    let pages = |framework: &str, place: &str| format!("`authClient` is part of pages that {framework} renders in {place}");
    let importing = "import { authClient } from \"@x/auth/client\";";
    let next = "{ \"devDependencies\": { \"@x/auth\": \"*\" }, \"dependencies\": { \"next\": \"16\" } }";
    // Only the package that has to do with it shows it.
    let used = [("apps/web/package.json", next), ("apps/web/page.tsx", importing), ("apps/site/package.json", next)];
    assert_eq!(told(&used), [pages("Next.js", "apps/web")]);
    assert_eq!(told(&used[2..]), [""; 0]);
    // A library between them needs no entry in the manifest of the application.
    let library = "{ \"name\": \"@x/ui\", \"dependencies\": { \"next\": \"16\" } }";
    let ui = [
        ("packages/ui/package.json", library),
        ("packages/ui/lib/client.ts", "export { authClient } from \"../../auth/client\";"),
        ("packages/ui/login.tsx", "import { authClient } from \"./lib/client\";"),
        ("apps/web/package.json", "{ \"scripts\": { \"dev\": \"dotenv -- next dev\" }, \"dependencies\": { \"next\": \"16\" } }"),
        ("apps/web/page.tsx", "import Login from \"../../packages/ui/login\";"),
    ];
    assert_eq!(told(&ui), [pages("Next.js", "apps/web")]);
    let exporting = "{ \"exports\": { \".\": \"./a.ts\" }, \"dependencies\": { \"next\": \"16\" } }";
    assert_eq!(told(&[("packages/dead/package.json", exporting), ("packages/dead/a.ts", importing)]), [""; 0]);
    // What builds it counts before what it only depends on.
    let both = "{ \"dependencies\": { \"next\": \"16\", \"@tanstack/react-start\": \"1\" } }";
    let start =
        "import { tanstackStart } from \"@tanstack/react-start/plugin/vite\";\nexport default { plugins: [tanstackStart()] };";
    let built = [("apps/web/package.json", both), ("apps/web/vite.config.ts", start), ("apps/web/src/a.ts", importing)];
    assert_eq!(told(&built), [pages("TanStack Start", "apps/web")]);
    for (script, framework) in [("next dev --turbo", "Next.js"), ("next", "Next.js"), ("next lint", "TanStack Start")] {
        let package = format!("{{ \"scripts\": {{ \"a\": \"{script}\" }}, {}", &both[1..]);
        let config = if framework == "Next.js" { ("apps/web/a.ts", "") } else { built[1] };
        assert_eq!(told(&[("apps/web/package.json", &*package), config, built[2]]), [pages(framework, "apps/web")], "{script}");
    }
}

#[test]
fn what_wraps_a_handler_is_followed_to_its_calls() {
    let make = "import { betterAuth } from \"better-auth\";\n";
    let service = format!(
        "{make}export class Identity {{ private kit = betterAuth({{}});\n  handle(request: Request) {{ return this.kit.handler(request); }} }}"
    );
    let route = "import { Hono } from \"hono\";\nimport { Identity } from \"./identity\";\nconst app = new Hono();\n";
    for (home, user) in [
        (service.clone(), "const identity = new Identity();\napp.all(\"/id/*\", (c) => identity.handle(c.req.raw));"),
        (service.clone(), "const identity = new Identity();\napp.all(\"/id/*\", identity.handle.bind(identity));"),
        (
            service.clone(),
            "class Routes { constructor(private identity: Identity) {}\n  add() { app.all(\"/id/*\", (c) => this.identity.handle(c.req.raw)); } }",
        ),
        (
            format!(
                "{make}const kit = betterAuth({{}});\nexport const Identity = {{ handle: (request: Request) => kit.handler(request) }};"
            ),
            "app.all(\"/id/*\", (c) => Identity.handle(c.req.raw));",
        ),
        (
            format!(
                "{make}const kit = betterAuth({{}});\nexport async function Identity(request: Request) {{ return kit.handler(request); }}"
            ),
            "app.all(\"/id/*\", (c) => Identity(c.req.raw));",
        ),
    ] {
        let user = format!("{route}{user}");
        let files = [("package.json", package(&["hono"])), ("src/identity.ts", home), ("src/index.ts", user.clone())];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let model = model(&files);
        assert_eq!(mounts(&model.servers[0]), ["Hono /id/*"], "{user}");
        assert_eq!(&*model.servers[0].mounts[0].at.file, "src/index.ts", "{user}");
    }
    // Another method of the same name, and a request of its own.
    for user in [
        "const other = { handle: (request: Request) => fetch(request) };\napp.all(\"/id/*\", (c) => other.handle(c.req.raw));",
        "const identity = new Identity();\nawait identity.handle(new Request(\"https://a.example/id/ok\"));",
        "const identity = new Identity();\nawait identity.handle();",
    ] {
        let user = format!("{route}{user}");
        let model = model(&[("package.json", &package(&["hono"])), ("src/identity.ts", &service), ("src/index.ts", &user)]);
        assert_eq!(mounts(&model.servers[0]), ["Hono ?"], "{user}");
    }
}

#[test]
fn a_container_gives_what_is_provided_for_a_token() {
    let service = "import { betterAuth } from \"better-auth\";\nexport class Identity { readonly kit = betterAuth({}); }";
    let port = "export const AUTH = Symbol(\"AUTH\");\nexport abstract class AuthPort { abstract kit: any }";
    let controller = |given: &str| {
        format!(
            "import {{ All, Controller, Inject, Req, Res }} from \"@nestjs/common\";\nimport {{ toNodeHandler }} from \"better-auth/node\";\n\
             import {{ AUTH, AuthPort }} from \"./port\";\n@Controller(\"id\")\nexport class Routes {{ constructor({given} port: AuthPort) {{}}\n\
             @All(\"*path\") any(@Req() q: any, @Res() s: any) {{ return toNodeHandler(this.port.kit)(q, s); }} }}"
        )
    };
    for (given, provided) in [
        ("@Inject(AUTH) private", "{ provide: AUTH, useClass: Identity }"),
        ("@Inject(AUTH) private", "{ provide: AUTH, useExisting: Identity }"),
        ("private readonly", "{ provide: AuthPort, useClass: Identity }"),
    ] {
        let module = format!(
            "import {{ Module }} from \"@nestjs/common\";\nimport {{ AUTH, AuthPort }} from \"./port\";\nimport {{ Identity }} from \"./identity\";\n\
             @Module({{ providers: [{provided}] }})\nexport class AuthModule {{}}"
        );
        let model = model(&[
            ("package.json", &package(&["@nestjs/core", "@nestjs/common"])),
            ("src/identity.ts", service),
            ("src/port.ts", port),
            ("src/routes.ts", &controller(given)),
            ("src/module.ts", &module),
        ]);
        assert_eq!(mounts(&model.servers[0]), ["NestJS /id/*path"], "{provided}");
    }
}
