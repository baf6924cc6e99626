/** What is used of Swagger UI, which comes without types. */
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  type Request = { method?: string; headers: Record<string, string> };
  export default function SwaggerUI(options: {
    domNode: HTMLElement;
    url: string;
    validatorUrl: null;
    deepLinking: boolean;
    docExpansion: "none" | "list" | "full";
    filter: boolean;
    requestInterceptor: (request: Request) => Request;
  }): unknown;
}
