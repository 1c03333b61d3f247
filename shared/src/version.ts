/** Version of this build, as reported in results and documents. A test compares it with package.json. */
export const version = '0.1.0';
