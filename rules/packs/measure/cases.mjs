// The configurations every release is asked about: one for each plugin as it is usually called, and one for each option
// that shapes tables. `$fn` stands for a function, `$store` for a secondary storage, `$ac` for an access control.

const text = { type: "string", required: false };
const token = "a".repeat(43);
const oauth = { loginPage: "/login", consentPage: "/consent" };
const resource = { ...oauth, resource: "https://api.example.com/mcp" };
const stripe = { stripeClient: {}, stripeWebhookSecret: "x" };
const billed = { ...stripe, subscription: { enabled: true, plans: [] } };
const device = { verificationUri: "/device" };
const directory = { id: "acme", provisioningDomainId: "acme", credentials: [{ type: "bearer", id: "first", token }] };
const roles = { dynamicAccessControl: { enabled: true }, ac: "$ac" };
const teams = { teams: { enabled: true } };

/** Options of better-auth itself. */
const core = {
  core: {},
  "core: rate limits in the database": { rateLimit: { storage: "database" } },
  "core: rate limits renamed": {
    rateLimit: { storage: "database", modelName: "limits", tableName: "limit_table", fields: { lastRequest: "last_request" } },
  },
  "core: rate limits in memory": { rateLimit: { storage: "memory" } },
  "core: secondary storage": { secondaryStorage: "$store" },
  "core: secondary storage, sessions stored": { secondaryStorage: "$store", session: { storeSessionInDatabase: true } },
  "core: secondary storage, sessions preserved": { secondaryStorage: "$store", session: { preserveSessionInDatabase: true } },
  "core: secondary storage, verifications stored": { secondaryStorage: "$store", verification: { storeInDatabase: true } },
  "core: secondary storage, rate limits in the database": { secondaryStorage: "$store", rateLimit: { storage: "database" } },
  "core: additional fields": {
    user: {
      additionalFields: {
        tenant: { type: "string", required: true, input: false },
        age: { type: "number", required: false, fieldName: "age_years" },
        size: { type: "number", bigint: true, defaultValue: 1 },
        languages: { type: "string[]", required: false },
        kind: { type: ["a", "b"], required: false },
        implied: { type: "boolean" },
        slug: { type: "string", unique: true, index: true },
        manager: { type: "string", required: false, references: { model: "user", field: "id", onDelete: "set null" } },
        partner: { type: "string", required: false, references: { model: "user", field: "id" } },
      },
    },
    session: { additionalFields: { device: text } },
    account: { additionalFields: { note: text } },
    verification: { additionalFields: { note: text } },
  },
  "core: additional fields in place of its own": {
    user: { additionalFields: { name: { type: "string", required: false }, image: { type: "string", required: true } } },
  },
  "core: renamed": {
    user: { modelName: "people", fields: { email: "email_address", emailVerified: "email_verified" } },
    session: { modelName: "sessions", fields: { userId: "user_id" } },
    account: { modelName: "accounts", fields: { userId: "user_id", providerId: "provider_id" } },
    verification: { modelName: "verifications", fields: { expiresAt: "expires_at" } },
  },
  "core: serial ids": { advanced: { database: { generateId: "serial" } } },
  "core: uuid ids": { advanced: { database: { generateId: "uuid" } } },
  "core: ids by the database": { advanced: { database: { generateId: false } } },
  "core: numeric ids": { advanced: { database: { useNumberId: true } } },
  "core: ids by the database, before 1.3": { advanced: { generateId: false } },
  "core: options without tables": {
    session: { cookieCache: { enabled: true, maxAge: 300 } },
    account: { encryptOAuthTokens: true, storeStateStrategy: "database", accountLinking: { enabled: true } },
    user: { changeEmail: { enabled: true }, deleteUser: { enabled: true } },
  },
};

/** A single plugin, by what its options say; the plugin is the word before the colon. */
const single = {
  admin: undefined,
  "admin: renamed": {
    schema: { user: { fields: { role: "user_role", banExpires: "ban_expires" } }, session: { fields: { impersonatedBy: "by" } } },
  },
  anonymous: undefined,
  "anonymous: renamed": { schema: { user: { fields: { isAnonymous: "is_anonymous" } } } },
  apiKey: undefined,
  "apiKey: renamed": { schema: { apikey: { modelName: "api_keys", fields: { referenceId: "reference_id", userId: "user_id" } } } },
  "apiKey: of organizations": { references: "organization" },
  "apiKey: in secondary storage": { storage: "secondary-storage", fallbackToDatabase: false },
  bearer: undefined,
  captcha: { provider: "cloudflare-turnstile", secretKey: "x" },
  cimd: { fetchClientMetadataResource: "$fn", metadataProfile: "mcp-2026-07-28" },
  customSession: "$fn",
  deviceAuthorization: device,
  "deviceAuthorization: renamed": { ...device, schema: { deviceCode: { modelName: "devices", fields: { userCode: "user_code" } } } },
  electron: undefined,
  emailOTP: { sendVerificationOTP: "$fn" },
  expo: undefined,
  genericOAuth: { config: [{ providerId: "x", clientId: "a", clientSecret: "b", discoveryUrl: "https://example.com/discovery" }] },
  haveIBeenPwned: undefined,
  i18n: { translations: { en: {} }, defaultLocale: "en" },
  jwt: undefined,
  "jwt: plain keys": { jwks: { disablePrivateKeyEncryption: true } },
  "jwt: renamed": { schema: { jwks: { modelName: "signing_keys", fields: { publicKey: "public_key" } } } },
  lastLoginMethod: undefined,
  "lastLoginMethod: stored": { storeInDatabase: true },
  "lastLoginMethod: renamed": { storeInDatabase: true, schema: { user: { lastLoginMethod: "last_login_method" } } },
  magicLink: { sendMagicLink: "$fn" },
  mcp: resource,
  multiSession: undefined,
  oAuthProxy: { productionURL: "https://x.example" },
  oauthPopup: undefined,
  oauthProvider: oauth,
  "oauthProvider: renamed": { ...oauth, schema: { oauthClient: { modelName: "oauth_clients", fields: { clientId: "client_id" } } } },
  oidcProvider: oauth,
  "oidcProvider: renamed": { ...oauth, schema: { oauthApplication: { modelName: "applications" } } },
  oneTap: { clientId: "x" },
  oneTimeToken: undefined,
  openAPI: undefined,
  organization: undefined,
  "organization: teams": teams,
  "organization: dynamic roles": roles,
  "organization: teams, dynamic roles": { ...teams, ...roles },
  "organization: renamed, additional fields": {
    ...teams,
    ...roles,
    schema: {
      organization: { modelName: "orgs", fields: { slug: "org_slug" }, additionalFields: { plan: text } },
      member: { modelName: "org_members", additionalFields: { title: text } },
      invitation: { modelName: "org_invitations", fields: { inviterId: "inviter_id" }, additionalFields: { note: text } },
      team: { modelName: "org_teams", additionalFields: { color: text } },
      teamMember: { modelName: "org_team_members" },
      organizationRole: { modelName: "org_roles", additionalFields: { rank: { type: "number", required: false } } },
      session: { fields: { activeOrganizationId: "active_org_id", activeTeamId: "active_team_id" } },
    },
  },
  passkey: undefined,
  "passkey: renamed": { rpID: "localhost", rpName: "x", schema: { passkey: { modelName: "keys", fields: { credentialID: "credential_id" } } } },
  phoneNumber: { sendOTP: "$fn" },
  "phoneNumber: renamed": { sendOTP: "$fn", schema: { user: { fields: { phoneNumber: "phone" } } } },
  scim: undefined,
  "scim: static connections": { connections: [directory] },
  "scim: managed connections": { connections: [], managedConnections: { credentialHashSecret: token } },
  "scim: owned providers": { providerOwnership: { enabled: true }, connections: [directory] },
  siwe: { domain: "example.com", getNonce: "$fn", verifyMessage: "$fn" },
  "siwe: renamed": {
    domain: "example.com", getNonce: "$fn", verifyMessage: "$fn", schema: { walletAddress: { modelName: "wallets", fields: { chainId: "chain" } } },
  },
  sso: undefined,
  "sso: domains verified": { domainVerification: { enabled: true } },
  "sso: renamed": { modelName: "sso_providers", fields: { issuer: "issuer_url" } },
  "sso: renamed by schema, additional fields": {
    schema: { ssoProvider: { modelName: "identity_providers", fields: { issuer: "issuer_url" }, additionalFields: { note: text } } },
  },
  stripe,
  "stripe: subscriptions": billed,
  "stripe: subscriptions of organizations": { ...billed, organization: { enabled: true } },
  "stripe: renamed": {
    ...billed, schema: { subscription: { modelName: "subscriptions", fields: { plan: "plan_name" } }, user: { fields: { stripeCustomerId: "customer" } } },
  },
  testUtils: undefined,
  twoFactor: undefined,
  "twoFactor: renamed": {
    schema: { user: { fields: { twoFactorEnabled: "two_factor" } }, twoFactor: { modelName: "factors", fields: { backupCodes: "backup_codes" } } },
  },
  "twoFactor: table named": { twoFactorTable: "two_factors" },
  "twoFactor: without passwords": { allowPasswordless: true },
  username: undefined,
  "username: renamed": { schema: { user: { fields: { username: "user_name" } } } },
  "username: without display name": { displayUsername: false },
};

/** Several plugins together. */
const combined = {
  "jwt, mcp": { plugins: [{ name: "jwt" }, { name: "mcp", options: resource }] },
  "jwt, oauthProvider": { plugins: [{ name: "jwt" }, { name: "oauthProvider", options: oauth }] },
  "jwt, oauthProvider, oauthDeviceAuthorization": {
    plugins: [{ name: "jwt" }, { name: "oauthProvider", options: oauth }, { name: "oauthDeviceAuthorization" }],
  },
  "organization, stripe": {
    plugins: [{ name: "organization" }, { name: "stripe", options: { ...billed, organization: { enabled: true } } }],
  },
  "sessions elsewhere": { plugins: [{ name: "admin" }, { name: "organization", options: teams }], options: { secondaryStorage: "$store" } },
  "many plugins": {
    plugins: ["admin", "organization", "twoFactor", "passkey", "apiKey", "username"].map((name) =>
      name === "organization" ? { name, options: teams } : { name },
    ),
    options: { rateLimit: { storage: "database" } },
  },
};

/** Every case by its name: `{ plugins: [{ name, options }], options }`. */
export const cases = {
  ...mapped(core, (options) => ({ options })),
  ...mapped(single, (options, name) => ({ plugins: [{ name: name.split(":")[0], options }] })),
  ...combined,
};

function mapped(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));
}
