export { asyncApiDocument, type AsyncApiDocument } from './asyncapi/document.ts';
export { httpOperations, openApiDocument, type OpenApiDocument } from './openapi/document.ts';
